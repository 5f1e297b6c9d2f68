// One's own account. A chunk of its own: it is opened seldom.
import "../styles/account.css";
import type { JSX } from "preact";
import { user } from "../../model/session";
import { say } from "../../model/words";
import { Dialog } from "../../panels/dialog";
import { Name, Password, Sessions } from "./oneself";
import { Tokens } from "./tokens";

export default function AccountDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const me = user.value;
  return (
    <Dialog title={say("account.title")} onClose={onClose} wide>
      {me && (
        <p class="muted">
          {me.name} · {say(`role.${me.role}`)}
        </p>
      )}
      <Name />
      <Password />
      <Sessions />
      <Tokens />
    </Dialog>
  );
}
