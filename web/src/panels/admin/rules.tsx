// The site's rules of planning as a form: every threshold with its range, its unit and where it comes from. The form is
// made of the server's own schema, so a rule that is added there stands here.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { pageReady } from "../../model/place";
import { fieldName, fieldsOf, type Field, type Schema, type Tree, unitOf, valueAt, withValue } from "../../model/schema_form";
import { attempt, notify } from "../../model/toasts";
import { count, phrase, say, sayOr } from "../../model/words";
import { Waiting } from "../bits";
import { Confirm } from "../dialog";

interface RulesNow {
  readonly values: Tree;
  readonly defaults: Tree;
  readonly schema: Schema;
}

export function Rules(): JSX.Element {
  const [now, setNow] = useState<RulesNow | null>(null);
  const [draft, setDraft] = useState<Tree>({});
  const [asking, setAsking] = useState(false);
  const take = (found: RulesNow | null): void => {
    if (!found) return;
    setNow(found);
    setDraft(found.values);
  };
  useEffect(() => {
    void attempt(() => api.get<RulesNow>("/api/rules")).then((found) => {
      take(found);
      pageReady();
    });
  }, []);
  if (!now) return <Waiting />;
  const fields = fieldsOf(now.schema);
  const changed = fields.filter((one) => valueAt(draft, one.path) !== valueAt(now.values, one.path));
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found = await attempt(() => api.put<RulesNow>("/api/rules", { values: draft }));
    if (!found) return;
    take(found);
    notify("good", say("rules.saved"), say("rules.saved_detail"));
  };
  const sections = [...new Set(fields.map((one) => one.section))];
  return (
    <form class="admin-part" onSubmit={(event) => void save(event)}>
      <header class="part-head">
        <h2>{say("admin.rules")}</h2>
        <button type="button" onClick={() => setAsking(true)}>
          {say("rules.defaults")}
        </button>
      </header>
      <p class="muted">{say("rules.text")}</p>
      {sections.map((section) => (
        <section key={section} class="card rules-section">
          <h3>{sayOr(`rules.section_${section}`, section.replaceAll("_", " "))}</h3>
          {fields
            .filter((one) => one.section === section)
            .map((one) => (
              <Rule
                key={one.path.join(".")}
                field={one}
                value={valueAt(draft, one.path)}
                standard={valueAt(now.defaults, one.path)}
                onValue={(value) => setDraft((tree) => withValue(tree, one.path, value))}
              />
            ))}
        </section>
      ))}
      {changed.length > 0 && (
        <footer class="rules-foot">
          <span class="grow">{count("rules.changed", changed.length)}</span>
          <button type="button" onClick={() => setDraft(now.values)}>
            {say("act.undo")}
          </button>
          <button type="submit" class="primary">
            {say("act.save")}
          </button>
        </footer>
      )}
      {asking && (
        <Confirm
          title={say("rules.defaults")}
          text={say("rules.defaults_text")}
          act={say("rules.defaults_act")}
          onAct={() => setDraft(now.defaults)}
          onClose={() => setAsking(false)}
        />
      )}
    </form>
  );
}

interface RuleProps {
  readonly field: Field;
  readonly value: unknown;
  readonly standard: unknown;
  readonly onValue: (value: unknown) => void;
}

function Rule({ field, value, standard, onValue }: RuleProps): JSX.Element {
  const id = `rule-${field.path.join("-")}`;
  const differs = value !== standard;
  return (
    <div class={differs ? "rule changed" : "rule"}>
      <label for={id}>{fieldName(field.path)}</label>
      <div class="rule-value">
        <Control id={id} field={field} value={value} onValue={onValue} />
        <span class="unit">{unitOf(field)}</span>
      </div>
      <p class="small-text muted" id={`${id}-about`}>
        {phrase(field.about)}
        {differs && ` ${say("rules.standard", { value: phrase(String(standard)) })}`}
      </p>
    </div>
  );
}

function Control({ id, field, value, onValue }: { id: string; field: Field; value: unknown; onValue: (value: unknown) => void }): JSX.Element {
  const about = `${id}-about`;
  if (field.kind === "boolean") {
    return <input id={id} type="checkbox" aria-describedby={about} checked={value === true} onChange={(event) => onValue(event.currentTarget.checked)} />;
  }
  if (field.choices.length > 0) {
    return (
      <select id={id} aria-describedby={about} value={String(value)} onChange={(event) => onValue(event.currentTarget.value)}>
        {field.choices.map((one) => (
          <option key={one} value={one}>
            {phrase(one)}
          </option>
        ))}
      </select>
    );
  }
  if (field.kind === "string") {
    return <input id={id} aria-describedby={about} value={String(value ?? "")} onInput={(event) => onValue(event.currentTarget.value)} />;
  }
  return (
    <input
      id={id}
      type="number"
      required
      inputMode="decimal"
      aria-describedby={about}
      min={field.least ?? undefined}
      max={field.most ?? undefined}
      step={field.kind === "integer" ? 1 : "any"}
      value={typeof value === "number" ? value : ""}
      onInput={(event) => {
        const typed = event.currentTarget.valueAsNumber;
        if (Number.isFinite(typed)) onValue(typed);
      }}
    />
  );
}
