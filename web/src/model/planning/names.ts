// What structures are called in the reader's language; a name that nobody knows is shown as it was drawn.
import { phrase } from "../words";

export const nameOf = (structure: string): string => phrase(structure);
