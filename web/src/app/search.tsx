// The search of the work list, from everywhere. What is typed never goes into an address: it may be a patient's name.
import type { JSX } from "preact";
import { navigate, path } from "../model/place";
import { searchText } from "../model/worklist";
import { say } from "../model/words";
import { Icon } from "../panels/icon";

export function Search(): JSX.Element {
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (path.value !== "/studies") navigate("/studies");
      }}
    >
      <Icon name="search" size={17} />
      <input
        id="search"
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={say("studies.search")}
        aria-label={say("studies.search")}
        value={searchText.value}
        onInput={(event) => {
          searchText.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          searchText.value = "";
          event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}
