// What the server's answers hold, by the nouns that its tables use. `npm run api` writes the generated `schema.d.ts`.

export type Role = "reader" | "planner" | "admin";
export type Scope = "read" | "write" | "admin";

export interface List<T> {
  readonly items: readonly T[];
  readonly total: number;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly display: string;
  readonly role: Role;
  readonly lang: string;
}

export interface SessionNow {
  readonly user: User | null;
  readonly csrf: string | null;
  readonly idle_seconds: number;
  readonly version: string;
  /** What the identity provider's button says; null where there is none. */
  readonly oidc: string | null;
  readonly first_start: boolean;
}

export interface Person {
  readonly id: string;
  readonly display: string;
}

export type StudyStatus = "new" | "drawing" | "drawn" | "planned" | "signed" | "failed";

export interface Patient {
  readonly name: string;
  readonly id: string;
  readonly birth_date: string;
  readonly sex: string;
}

export interface Study {
  readonly id: string;
  readonly kind: "scan" | "picture";
  readonly patient: Patient;
  readonly date: string;
  readonly description: string;
  readonly modalities: readonly string[];
  readonly instances: number;
  readonly owner: string;
  readonly shared: boolean;
  readonly status: StudyStatus;
  readonly created: string;
  readonly mine: boolean;
}

/** A row of the work list: `series` and `results` are counted. */
export interface StudyRow extends Study {
  readonly series: number;
  readonly results: { readonly drawings: number; readonly plans: number; readonly forecasts: number };
}

/** A study as its pages see it. */
export interface StudyDetail extends Study {
  readonly series: readonly Series[];
  readonly results: readonly Result[];
  readonly jobs: readonly Job[];
  /** To whom it is shown; only its owner is told. */
  readonly grants: readonly Person[];
}

export interface Series {
  readonly id: string;
  readonly uid: string;
  readonly number: number | null;
  readonly modality: string;
  readonly description: string;
  readonly instances: number;
  readonly shape: readonly [number, number, number] | null;
  readonly spacing_mm: readonly [number, number, number] | null;
  readonly drawable: boolean;
  readonly suggested_pack: string | null;
}

export type ResultKind = "drawing" | "plan" | "forecast" | "explanation" | "generated";

export interface Result {
  readonly id: string;
  readonly kind: ResultKind;
  readonly study_id: string | null;
  readonly series_id: string | null;
  readonly parent_id: string | null;
  readonly author: string;
  readonly created: string;
  readonly pack: string;
  readonly version: number;
  readonly title: string;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly signed: { readonly by: string; readonly at: string; readonly text: string } | null;
  readonly mine: boolean;
  /** Told by GET /api/results/{id}; the list of a study leaves it out. */
  readonly files: readonly string[];
}

/** A result as GET /api/results/{id} tells it. */
export interface ResultWhole extends Result {
  /** Number of the newest version of this drawing. */
  readonly newest: number;
  /** What drawing.json says; null for what is no drawing. */
  readonly drawing: Readonly<Record<string, unknown>> | null;
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly attempt: number;
  readonly step: string;
  /** 0–1. */
  readonly fraction: number;
  readonly message: string;
  readonly study_id: string | null;
  readonly result_id: string | null;
  readonly made_id: string | null;
  readonly created: string;
  readonly started: string | null;
  readonly ended: string | null;
  readonly owner: string;
}
