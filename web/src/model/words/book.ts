// The book of Chinese phrases, one file a subject: the package's own, which its reports read, too.
import { type Book, Phrasebook } from "./phrases";

const files = import.meta.glob<Book>("../../../../src/limner/report/chinese/*.json", { eager: true, import: "default" });

export const chinese = new Phrasebook(Object.assign({}, ...Object.values(files)) as Book);
