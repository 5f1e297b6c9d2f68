// Who may log in, as what; and the one-time links by which people choose their own passwords.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, Role } from "../../api/types";
import { ago, moment } from "../../model/format";
import { pageReady } from "../../model/place";
import { user as me } from "../../model/session";
import { attempt, notify } from "../../model/toasts";
import { say } from "../../model/words";
import { Note, TableBox, Waiting } from "../bits";
import { Dialog } from "../dialog";
import { Icon } from "../icon";
import { Menu, type Item } from "../menu";
import { Secret } from "../secret";

interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly display: string;
  readonly role: Role;
  readonly active: boolean;
  readonly locked: boolean;
  readonly can_log_in: boolean;
  readonly oidc: boolean;
  readonly invited: boolean;
  readonly created: string;
  readonly seen: string | null;
}
interface Link {
  readonly link: string;
  readonly expires: string;
}
const ROLES: readonly Role[] = ["reader", "planner", "admin"];

export function Users(): JSX.Element {
  const [list, setList] = useState<readonly UserRow[] | null>(null);
  const [inviting, setInviting] = useState(false);
  const [link, setLink] = useState<{ display: string; made: Link } | null>(null);
  const load = async (): Promise<void> => {
    const found = await attempt(() => api.get<List<UserRow>>("/api/users"));
    if (found) setList(found.items);
    pageReady();
  };
  useEffect(() => void load(), []);
  const change = async (one: UserRow, part: Partial<Pick<UserRow, "role" | "active" | "locked">>): Promise<void> => {
    const done = await attempt(() => api.patch<UserRow>(`/api/users/${one.id}`, part));
    if (done) notify("good", say("users.changed", { name: one.display || one.name }));
    await load();
  };
  const invite = async (one: UserRow): Promise<void> => {
    const made = await attempt(() => api.post<Link>(`/api/users/${one.id}/invite`));
    if (made) setLink({ display: one.display || one.name, made });
    await load();
  };
  return (
    <>
      <header class="part-head">
        <h2>{say("admin.users")}</h2>
        <button type="button" class="primary" onClick={() => setInviting(true)}>
          <Icon name="add" />
          <span>{say("users.invite")}</span>
        </button>
      </header>
      {list === null ? <Waiting /> : <UserTable list={list} onChange={change} onInvite={invite} />}
      <RolesNote />
      {inviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onMade={(display, made) => {
            setInviting(false);
            setLink({ display, made });
            void load();
          }}
        />
      )}
      {link && (
        <Dialog title={say("users.link_for", { name: link.display })} onClose={() => setLink(null)}>
          <p>{say("users.link_text", { time: moment(link.made.expires) })}</p>
          <Secret text={link.made.link} />
        </Dialog>
      )}
    </>
  );
}

interface TableProps {
  readonly list: readonly UserRow[];
  readonly onChange: (one: UserRow, part: Partial<Pick<UserRow, "role" | "active" | "locked">>) => Promise<void>;
  readonly onInvite: (one: UserRow) => Promise<void>;
}

function UserTable({ list, onChange, onInvite }: TableProps): JSX.Element {
  return (
    <TableBox look="card" label={say("admin.users")}>
      <table class="list">
        <caption class="sr-only">{say("admin.users")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("users.name")}</th>
            <th scope="col">{say("users.role")}</th>
            <th scope="col">{say("users.state")}</th>
            <th scope="col">{say("users.seen")}</th>
            <th scope="col">
              <span class="sr-only">{say("studies.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => (
            <tr key={one.id} class={one.active ? "" : "inactive"}>
              <th scope="row" class="patient">
                <strong>{one.display || one.name}</strong>
                <span class="muted small-text">{one.name}</span>
              </th>
              <td>
                <select
                  aria-label={say("users.role_of", { name: one.display || one.name })}
                  value={one.role}
                  disabled={one.id === me.value?.id || !one.active}
                  onChange={(event) => void onChange(one, { role: event.currentTarget.value as Role })}
                >
                  {ROLES.map((role) => (
                    <option key={role} value={role}>
                      {say(`role.${role}`)}
                    </option>
                  ))}
                </select>
              </td>
              <td>
                <UserState one={one} />
              </td>
              <td class="nowrap muted">{one.seen ? ago(one.seen) : "–"}</td>
              <td class="deeds">
                <Menu label={say("studies.actions_of", { patient: one.display || one.name })} items={deeds(one, onChange, onInvite)}>
                  <Icon name="more" />
                </Menu>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function deeds(one: UserRow, onChange: TableProps["onChange"], onInvite: TableProps["onInvite"]): Item[] {
  const self = one.id === me.value?.id;
  const items: Item[] = [
    { label: say("users.new_link"), icon: <Icon name="key" />, run: () => void onInvite(one), disabled: !one.active, hint: say("users.new_link_hint") },
  ];
  if (one.locked) items.push({ label: say("users.unlock"), icon: <Icon name="lock" />, run: () => void onChange(one, { locked: false }) });
  items.push(
    one.active
      ? { label: say("users.shut_out"), icon: <Icon name="leave" />, run: () => void onChange(one, { active: false }), danger: true, disabled: self }
      : { label: say("users.let_in"), icon: <Icon name="check" />, run: () => void onChange(one, { active: true }) },
  );
  return items;
}

function UserState({ one }: { one: UserRow }): JSX.Element {
  if (!one.active) return <span class="tag">{say("users.inactive")}</span>;
  if (one.locked) return <span class="tag tag-bad">{say("users.locked")}</span>;
  if (one.can_log_in) return <span class="tag tag-good">{one.oidc ? say("users.by_oidc") : say("users.active")}</span>;
  return <span class="tag tag-warn">{one.invited ? say("users.invited") : say("users.cannot")}</span>;
}

function RolesNote(): JSX.Element {
  return (
    <Note>
      <ul class="small-text">
        {ROLES.map((role) => (
          <li key={role}>
            <strong>{say(`role.${role}`)}</strong>: {say(`users.may_${role}`)}
          </li>
        ))}
      </ul>
    </Note>
  );
}

function InviteDialog({ onClose, onMade }: { onClose: () => void; onMade: (display: string, made: Link) => void }): JSX.Element {
  const [name, setName] = useState("");
  const [display, setDisplay] = useState("");
  const [role, setRole] = useState<Role>("reader");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const made = await attempt(() => api.post<{ invite: Link }>("/api/users", { name: name.trim(), display: display.trim(), role }));
    if (made) onMade(display.trim(), made.invite);
  };
  return (
    <Dialog title={say("users.invite")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void send(event)}>
        <label class="field">
          <span>{say("users.display")}</span>
          <input required maxLength={160} value={display} onInput={(event) => setDisplay(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>{say("login.name")}</span>
          <input required maxLength={80} autocapitalize="none" spellcheck={false} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <fieldset class="choices">
          <legend>{say("users.role")}</legend>
          {ROLES.map((one) => (
            <label key={one} class="choice">
              <input type="radio" name="role" checked={one === role} onChange={() => setRole(one)} />
              <span>
                <strong>{say(`role.${one}`)}</strong>
                <span class="muted small-text">{say(`users.may_${one}`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <footer class="dialog-foot">
          <button type="button" onClick={onClose}>
            {say("act.cancel")}
          </button>
          <button type="submit" class="primary">
            {say("users.make")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
