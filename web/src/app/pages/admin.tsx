// What only an administrator does: who may log in, what was done, by which rules plans are made, which archives are known.
import "../styles/admin.css";
import type { JSX } from "preact";
import { say } from "../../model/words";
import { Audit } from "../../panels/admin/audit";
import { Nodes } from "../../panels/admin/nodes";
import { Rules } from "../../panels/admin/rules";
import { Users } from "../../panels/admin/users";
import { Icon, type IconName } from "../../panels/icon";
import type { PageProps } from "../router";

const PARTS = [
  { part: "users", icon: "users", key: "admin.users", Panel: Users },
  { part: "audit", icon: "shield", key: "admin.audit", Panel: Audit },
  { part: "rules", icon: "rules", key: "admin.rules", Panel: Rules },
  { part: "pacs", icon: "network", key: "admin.pacs", Panel: Nodes },
] as const;

export default function Admin({ params }: PageProps): JSX.Element {
  const now = PARTS.find((one) => one.part === params.part) ?? PARTS[0];
  return (
    <div class="page admin">
      <nav class="side" aria-label={say("admin.title")}>
        <h1>{say("admin.title")}</h1>
        {PARTS.map((one) => (
          <a key={one.part} href={one.part === "users" ? "/admin" : `/admin/${one.part}`} aria-current={one === now ? "page" : undefined}>
            <Icon name={one.icon satisfies IconName} />
            <span>{say(one.key)}</span>
          </a>
        ))}
      </nav>
      <div class="admin-part">
        <now.Panel />
      </div>
    </div>
  );
}
