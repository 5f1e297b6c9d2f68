// Canvases follow the size of the page's text: letters and cubes drawn on them are as large at 4K as those beside them.
let scale = 1;

function look(): void {
  scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
}

if (typeof document !== "undefined") {
  look();
  window.addEventListener("resize", look);
}

/** CSS pixels of a length that is `px` where text has its usual 16. */
export function scaled(px: number): number {
  return px * scale;
}
