// The icons: lines of one width on a grid of 24, drawn in the colour of the text beside them.
import type { JSX } from "preact";

const PATHS = {
  add: "M12 5v14M5 12h14",
  again: "M20 12a8 8 0 1 1-2.5-5.8M20 4v5h-5",
  alert: "M12 8v5M12 16.5v.01M12 3.5 21.5 20h-19z",
  back: "M15 5l-7 7 7 7",
  check: "M5 12.5 10 17.5 19.5 7",
  chevron: "M6 9l6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  cloud: "M7 18.5h10a4.5 4.5 0 0 0 .6-8.96 6 6 0 0 0-11.5 1.6A3.7 3.7 0 0 0 7 18.5z",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  correct: "M4 20l4.5-1 10-10-3.5-3.5-10 10zM13.5 7l3.5 3.5",
  down: "M12 4v12M6.5 11 12 16.5 17.5 11M5 20h14",
  draw: "M12.5 3.5c5 .2 8.5 3.8 8.2 8.7-.3 5-4 8.5-9.2 8.3-5-.2-8.3-3.6-8-8.3.3-5.2 4-8.9 9-8.7zM13 9c2 .2 3 1.6 2.8 3.4-.2 1.9-1.7 3-3.6 2.8-1.8-.2-2.8-1.5-2.7-3.3.2-2 1.6-3.1 3.5-2.9z",
  explain: "M12 3.5a6 6 0 0 1 3.5 10.9V17h-7v-2.6A6 6 0 0 1 12 3.5zM9.5 20.5h5",
  file: "M6 3.5h8l4 4v13H6zM14 3.5v4h4",
  filter: "M4 6h16M7 12h10M10 18h4",
  folder: "M3.5 6.5h6l2 2h9v10h-17z",
  forecast: "M4 19.5V4.5M4 19.5h16M7 15c3-1 4-3 6-5s4-4 7-4.5",
  generate: "M12 4l1.8 5.2L19 11l-5.2 1.8L12 18l-1.8-5.2L5 11l5.2-1.8zM18.5 16.5v4M16.5 18.5h4",
  headset: "M3.5 8h17v9h-5l-2-2.500h-3L8.500 17h-5zM7 11.500v1M17 11.500v1",
  help: "M9 9.2a3 3 0 1 1 4.3 2.7c-.9.500-1.3 1-1.3 2M12 17v.01M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
  info: "M12 11v6M12 7.5v.01M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
  jobs: "M4 7h10M4 12h16M4 17h7M17.5 4.5v5M15 7h5",
  key: "M14.5 9.5a4 4 0 1 1-3-3.87A4 4 0 0 1 14.5 9.5zM13.5 12l6 6M17 15.5l-2 2",
  keyboard: "M3.5 6.5h17v11h-17zM7 10v.01M10.3 10v.01M13.7 10v.01M17 10v.01M8 14h8",
  language: "M4 6h9M8.5 4v2M11 6c-.6 3.5-3 6.5-6.5 8M6.5 9.5c1 2 2.7 3.6 5 4.5M11.5 20l4.2-10 4.3 10M13 16.8h5.5",
  leave: "M13 4.5H5v15h8M10 12h10M16.5 8.5 20 12l-3.5 3.5",
  lock: "M6 10.5h12v9.5H6zM8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M19.5 14.5A8 8 0 1 1 9.5 4.5a6.5 6.5 0 0 0 10 10z",
  more: "M5 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0zM11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0zM17 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0z",
  network: "M9 4h6v5H9zM3.5 15.5h6v5h-6zM14.5 15.5h6v5h-6zM12 9v3.5M6.5 15.5v-3h11v3",
  packs: "M12 3.5 20 8v8l-8 4.5L4 16V8zM4 8l8 4.5L20 8M12 12.5v8",
  plan: "M4 20 15.5 8.5M13 6l5 5M15.5 8.5 20 4M12 20a8 8 0 0 0 8-8",
  read: "M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z",
  rules: "M5 7h6M15 7h4M13 5v4M5 17h2M11 17h8M9 15v4M5 12h9M18 12h1M16 10v4",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.3 15.3 20.5 20.5",
  share: "M8.5 13.2l7 3.6M15.5 7.2l-7 3.6M6.5 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM17.5 3.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM17.5 15.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z",
  shield: "M12 3.5 19 6v6c0 4.5-3 7.3-7 8.5-4-1.2-7-4-7-8.5V6zM9 12l2.2 2.2L15.2 10",
  sign: "M4 18.5c3.5-7 6-13 7.5-12s-3 10-1.5 11 3-4 4.5-3.5 0 3 2 3 2.5-1 3.5-1.5M4 21h16",
  play: "M8 5.500v13l11-6.500z",
  stop: "M7 7h10v10H7z",
  studies: "M4 5h16v14H4zM4 9.5h16M9 9.5V19",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2.5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3 7 7M17 17l1.7 1.7M5.3 18.7 7 17M17 7l1.7-1.7",
  trash: "M5 7h14M9.5 7V4.5h5V7M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
  up: "M12 20V8M6.5 13 12 7.5 17.5 13M5 4h14",
  user: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20.5c.6-4.2 3.5-6 7.5-6s6.9 1.8 7.5 6",
  users: "M9 5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM2.5 19.5c.5-3.8 3-5.5 6.5-5.5s6 1.7 6.5 5.5M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.3c2.3.700 3.7 2.4 4 5.2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }): JSX.Element {
  const rem = `${size / 16}rem`;
  return (
    <svg class="icon" viewBox="0 0 24 24" width={rem} height={rem} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: a contour within a contour, as a lesion is drawn within an organ. */
export function Mark({ size = 26 }: { size?: number }): JSX.Element {
  const rem = `${size / 16}rem`;
  return (
    <svg class="mark" viewBox="0 0 32 32" width={rem} height={rem} aria-hidden="true" focusable="false">
      <path class="mark-outer" d="M16 3.5c7.6 0 11.5 5 11.5 11.8 0 8-4.6 13.2-11.9 13.2C8.7 28.5 4.5 23.6 4.5 16.4 4.5 8.8 9.2 3.5 16 3.5Z" />
      <path class="mark-inner" d="M17.2 9.7c3.7.2 5.4 2.7 5.3 5.7-.2 4-3.1 6.7-6.8 6.5-3.5-.2-5.5-2.8-5.3-6.2.2-3.7 3.2-6.2 6.8-6Z" />
    </svg>
  );
}
