// The server's answers by the nouns that pages use; the types themselves are generated (`make api`).
import type * as Schema from "./schema";

export type {
  JobTold as Job, limner__serve__routes__studies__Person as Person, Me as User, Patient, Prior, ResultTold as Result, ResultWhole,
  SeriesRow as Series, SessionNow, StudyRow, StudyWhole as StudyDetail,
} from "./schema";

export type Role = Schema.Me["role"];
export type Scope = "read" | "write" | "admin";
export type StudyStatus = Schema.StudyRow["status"];
export type ResultKind = Schema.ResultTold["kind"];
/** What a work list and a study's own page both tell. */
export type Study = Schema.StudyRow | Schema.StudyWhole;

export interface List<T> {
  readonly items: readonly T[];
  readonly total: number;
}
