// The part of Markdown that a pack's card uses, as elements. Text stays text: no markup of the source reaches the page.
import type { ComponentChildren, JSX } from "preact";

export function Markdown({ text }: { text: string }): JSX.Element {
  return <div class="prose">{blocks(text.replace(/\r\n?/g, "\n").split("\n"))}</div>;
}

function blocks(lines: readonly string[]): JSX.Element[] {
  const out: JSX.Element[] = [];
  for (let n = 0; n < lines.length; ) {
    const line = lines[n] ?? "";
    const key = n;
    const heading = /^(#{1,4})\s+(.*)$/.exec(line);
    if (line.trim() === "") n++;
    else if (heading) {
      out.push(<Heading key={key} level={heading[1]?.length ?? 1} text={heading[2] ?? ""} />);
      n++;
    } else if (line.startsWith("```")) {
      const body = take(lines, n + 1, (one) => !one.startsWith("```"));
      // a box that scrolls must be reachable by keyboard
      out.push(
        <pre key={key} tabIndex={0}>
          <code>{body.join("\n")}</code>
        </pre>,
      );
      n += body.length + 2;
    } else if (line.startsWith("|")) {
      const body = take(lines, n, (one) => one.startsWith("|"));
      out.push(<Table key={key} rows={body} />);
      n += body.length;
    } else if (/^\s*([-*]|\d+\.)\s+/.test(line)) {
      const body = take(lines, n, (one) => one.trim() !== "" && !one.startsWith("#"));
      out.push(<Items key={key} lines={body} />);
      n += body.length;
    } else {
      const body = take(lines, n, (one) => one.trim() !== "" && !/^(#{1,4}\s|```|\||\s*[-*]\s)/.test(one));
      out.push(<p key={key}>{inline(body.join(" "))}</p>);
      n += Math.max(1, body.length);
    }
  }
  return out;
}

function take(lines: readonly string[], from: number, while_: (line: string) => boolean): string[] {
  const out: string[] = [];
  for (let n = from; n < lines.length && while_(lines[n] ?? ""); n++) out.push(lines[n] ?? "");
  return out;
}

/** A card's title is a heading of its page, so every level goes one down. */
function Heading({ level, text }: { level: number; text: string }): JSX.Element {
  if (level === 1) return <h2>{inline(text)}</h2>;
  if (level === 2) return <h3>{inline(text)}</h3>;
  return <h4>{inline(text)}</h4>;
}

function Items({ lines }: { lines: readonly string[] }): JSX.Element {
  const items: string[] = [];
  for (const line of lines) {
    const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
    if (item) items.push(item[1] ?? "");
    else items[items.length - 1] = `${items.at(-1) ?? ""} ${line.trim()}`;
  }
  const inside = items.map((one, n) => <li key={n}>{inline(one)}</li>);
  return /^\s*\d/.test(lines[0] ?? "") ? <ol>{inside}</ol> : <ul>{inside}</ul>;
}

function Table({ rows }: { rows: readonly string[] }): JSX.Element {
  const cells = rows.map((row) => row.replace(/^\||\|\s*$/g, "").split("|").map((one) => one.trim()));
  const [head = [], , ...body] = cells;
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={head.join(", ")}>
      <table class="list">
        <thead>
          <tr>
            {head.map((one, n) => (
              <th key={n} scope="col">
                {inline(one)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, n) => (
            <tr key={n}>
              {row.map((one, m) => (
                <td key={m}>{inline(one)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)/g;

function inline(text: string): ComponentChildren[] {
  const out: ComponentChildren[] = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > at) out.push(text.slice(at, found.index));
    const [whole, code, bold, italic, label, address = ""] = found;
    if (code !== undefined) out.push(<code>{code}</code>);
    else if (bold !== undefined) out.push(<strong>{bold}</strong>);
    else if (italic !== undefined) out.push(<em>{italic}</em>);
    else
      out.push(
        <a href={address} target="_blank" rel="noopener noreferrer">
          {label}
        </a>,
      );
    at = found.index + whole.length;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}
