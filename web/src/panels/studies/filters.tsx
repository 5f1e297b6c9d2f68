// What the list is narrowed to. It stands in the address, but for the search text.
import type { JSX, TargetedEvent } from "preact";
import { queryText, setQuery } from "../../model/place";
import { say } from "../../model/words";
import { clearFilters, filtered, MODALITIES, searchText, STATUSES } from "../../model/worklist";
import { Icon } from "../icon";

const SPANS = ["week", "month", "year"] as const;

export function Filters(): JSX.Element {
  const choose = (name: string) => (event: TargetedEvent<HTMLSelectElement>) => setQuery({ [name]: event.currentTarget.value, page: null });
  return (
    <div class="filters" role="group" aria-label={say("studies.filters")}>
      <select aria-label={say("studies.status")} value={queryText("status")} onChange={choose("status")}>
        <option value="">{say("studies.any_status")}</option>
        {STATUSES.map((one) => (
          <option key={one} value={one}>
            {say(`status.${one}`)}
          </option>
        ))}
      </select>
      <select aria-label={say("studies.modality")} value={queryText("modality")} onChange={choose("modality")}>
        <option value="">{say("studies.any_modality")}</option>
        {MODALITIES.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      <select aria-label={say("studies.date")} value={queryText("since")} onChange={choose("since")}>
        <option value="">{say("studies.any_date")}</option>
        {SPANS.map((one) => (
          <option key={one} value={one}>
            {say(`studies.since_${one}`)}
          </option>
        ))}
      </select>
      {searchText.value.trim() && (
        <span class="tag">
          <Icon name="search" size={14} />
          {searchText.value.trim()}
        </span>
      )}
      {filtered.value && (
        <button type="button" class="quiet" onClick={clearFilters}>
          <Icon name="close" size={16} />
          <span>{say("studies.clear")}</span>
        </button>
      )}
    </div>
  );
}
