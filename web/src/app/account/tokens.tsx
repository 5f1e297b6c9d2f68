// One's own API tokens: made here, shown once, taken back here.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, Scope } from "../../api/types";
import { ago, moment } from "../../model/format";
import { may } from "../../model/session";
import { attempt } from "../../model/toasts";
import { say } from "../../model/words";
import { Note } from "../../panels/bits";
import { Icon } from "../../panels/icon";
import { Secret } from "../../panels/secret";

interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created: string;
  readonly used: string | null;
  readonly expires: string | null;
}

export function Tokens(): JSX.Element {
  const [list, setList] = useState<readonly Token[]>([]);
  const [made, setMade] = useState<string | null>(null);
  const load = async (): Promise<void> => {
    const found = await attempt(() => api.get<List<Token>>("/api/tokens"));
    if (found) setList(found.items);
  };
  useEffect(() => void load(), []);
  const remove = async (id: string): Promise<void> => {
    await attempt(() => api.del(`/api/tokens/${id}`));
    await load();
  };
  return (
    <section class="stack">
      <h3>{say("tokens.title")}</h3>
      <p class="muted">{say("tokens.text")}</p>
      {made && (
        <Note kind="good">
          <p>{say("tokens.once")}</p>
          <Secret text={made} />
        </Note>
      )}
      <TokenForm
        onMade={(secret) => {
          setMade(secret);
          void load();
        }}
      />
      {list.length > 0 && (
        <ul class="rows">
          {list.map((one) => (
            <li key={one.id}>
              <strong>{one.name}</strong>
              <span class="muted">{one.scopes.map((scope) => say(`scope.${scope}`)).join(", ")}</span>
              <span class="muted">{one.used ? say("tokens.used", { time: ago(one.used) }) : say("tokens.unused")}</span>
              {one.expires && <span class="muted">{say("tokens.until", { time: moment(one.expires) })}</span>}
              <button type="button" class="quiet square" aria-label={say("tokens.remove", { name: one.name })} onClick={() => void remove(one.id)}>
                <Icon name="trash" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function TokenForm({ onMade }: { onMade: (secret: string) => void }): JSX.Element {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const scopes: Scope[] = scope === "admin" ? ["read", "write", "admin"] : scope === "write" ? ["read", "write"] : ["read"];
    const made = await attempt(() => api.post<{ secret: string }>("/api/tokens", { name: name.trim(), scopes }));
    if (!made) return;
    setName("");
    onMade(made.secret);
  };
  return (
    <form class="inline-form" onSubmit={(event) => void make(event)}>
      <label class="field grow">
        <span>{say("tokens.name")}</span>
        <input required maxLength={80} value={name} placeholder={say("tokens.name_hint")} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span>{say("tokens.scope")}</span>
        <select value={scope} onChange={(event) => setScope(event.currentTarget.value as Scope)}>
          <option value="read">{say("scope.read")}</option>
          <option value="write">{say("scope.write")}</option>
          {may("admin") && <option value="admin">{say("scope.admin")}</option>}
        </select>
      </label>
      <button type="submit" class="primary">
        {say("tokens.make")}
      </button>
    </form>
  );
}
