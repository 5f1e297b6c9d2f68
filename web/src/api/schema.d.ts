// Generated from openapi.json by `npm run api`; changes belong into the server's models.

/** What an ablation must reach; each a named setting. */
export type AblationRules = {
  /** Of tumour and margin: enough. */
  readonly covered_share: number;
  /** What a ml of tissue beyond the margin counts against a ml covered, in the choice of zones. */
  readonly healthy_weight: number;
  /** Vessels from this diameter on cool: tumours beside vessels over 3 mm recurred more often (Lin et al., J Cancer Res Ther 12:153, 2016). */
  readonly heat_sink_diameter_mm: number;
  /** A large vessel this near to the tumour carries heat away. Choice of this program. */
  readonly heat_sink_mm: number;
  /** Around the tumour, to be ablated too where it is parenchyma. */
  readonly margin_mm: number;
  /** At most so many zones. */
  readonly needles: number;
};

/** Who accepts. ``name`` and ``display`` count only where the link makes the user. */
export type Accept = {
  readonly display: string;
  readonly name: string;
  readonly password: string;
};

/** An upload. */
export type Begun = {
  readonly id: string;
};

/** A place on the way from one seed to another. */
export type Between = {
  readonly a: number;
  readonly b: number;
  readonly t: number;
};

/** A place where the chain does not hold. ``n`` is the first entry that is wrong, or missing. */
export type Break = {
  readonly n: number;
  readonly what: string;
};

/** A rule that a needle breaks. */
export type Broken = {
  readonly needed: number | null;
  /** length, angle, table, a role of a structure, or where the needle leaves. */
  readonly reason: string;
  readonly structure: string | null;
  readonly text: string;
  readonly value: number | null;
};

/** A corrected case. ``patient`` is no name: it is the same for all studies of one patient. */
export type CaseOut = {
  readonly author: string;
  readonly comment: string;
  readonly id: string;
  readonly pack: string;
  readonly patient: string;
  readonly split: string;
  readonly study_id: string;
  readonly version: number;
};

/** The cohort. */
export type Cases = {
  readonly items: readonly CaseOut[];
  readonly total: number;
};

/** What one may change of oneself; a role is not among it. */
export type Change = {
  readonly display?: string | null;
  readonly lang?: "en" | "zh" | null;
};

/** From the needle's axis to one structure, beside what the rules ask for, mm. */
export type Clearance = {
  readonly high: number;
  readonly low: number;
  readonly margin_mm: number;
  readonly name: string;
  readonly role: string;
  readonly value: number;
};

/** Points that say what is meant. */
export type Clicked = {
  /** The label that is corrected: what carries it is looked through. */
  readonly label: number;
  readonly method: "graph-cut" | "pack";
  readonly points: readonly Point[];
};

/** What one ablation zone at the tip covers. */
export type Cover = {
  readonly healthy_ml: number;
  readonly margin_percent: number;
  readonly probe: string;
  readonly tumor_percent: number;
};

/** A bicubic Bézier height over a plane. */
export type Curved = {
  /** Rows: two in the plane, then its normal. */
  readonly axes: readonly readonly number[][];
  readonly control_points_mm: readonly readonly readonly number[][][];
  readonly half_mm: readonly number[];
  readonly kind: "curved";
  /** x, y, z in LPS mm. */
  readonly origin_mm: readonly number[];
  readonly wall_slope: number;
};

/** A cut through the liver of the target. */
export type CutAsked = {
  readonly cut: Plane | Curved | Segmentwise | Several;
  /** Of a drag: a later question replaces an earlier one. */
  readonly stream?: string | null;
  /** Also tell the cut's own surface. */
  readonly surface: boolean;
  /** Id of a lesion; the largest if not given. */
  readonly target?: string | null;
};

/** What a cut leaves, with bytes as base64. */
export type CutTold = {
  readonly faces?: string | null;
  readonly flow: string;
  readonly liver: string | null;
  readonly points?: string | null;
  readonly resection: Readonly<Record<string, unknown>>;
  readonly sides: string;
};

/** A way along which pictures change. */
export type Direction = {
  /** Of the attribute with the way along it, as the pack measured it. */
  readonly correlation: number | null;
  readonly id: string;
  readonly name: string;
  readonly principal: boolean;
  /** Of the variance of all styles that lies along a principal direction. */
  readonly share: number | null;
};

/** Whether a node is there. */
export type Echoed = {
  readonly seconds: number;
};

/** A page of the log, and how many entries it has that fit. */
export type Entries = {
  readonly items: readonly Entry[];
  readonly total: number;
};

/** An entry; ``actor_name`` is the user's login name today, which is no part of the chain. */
export type Entry = {
  readonly action: string;
  readonly actor: string;
  readonly actor_name: string | null;
  readonly at: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hash: string;
  readonly n: number;
  readonly object_id: string;
};

/** A pack that answers about pictures and can be asked why. */
export type ExplainerItem = {
  /** An answer less sure than this is given as 'not sure'. */
  readonly abstain_below: number | null;
  readonly calibrated: boolean;
  /** What the channels must be, where they are several series of MR. */
  readonly channel_names: readonly string[];
  readonly channels: number;
  readonly classes: readonly string[];
  readonly description: string;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly licence: string;
  readonly modalities: readonly string[];
  readonly multi_label: boolean;
  readonly name: string;
  readonly non_commercial: boolean;
  /** Pixels along y and x that its net sees. */
  readonly size: readonly number[];
  readonly task: string;
  readonly version: string;
  readonly weaknesses: readonly Weakness[];
  /** What is said in Chinese for the classes and groups. */
  readonly zh: Readonly<Record<string, string>>;
};

/** Packs that read pictures. */
export type Explainers = {
  readonly items: readonly ExplainerItem[];
  readonly total: number;
};

/** One measurement, ready to read. */
export type FactOut = {
  readonly name: string;
  readonly value: string;
};

/** What a pack reached on some data, and the command that prints it. */
export type FigureRow = {
  readonly baseline: Readonly<Record<string, unknown>>;
  readonly calibration: Readonly<Record<string, unknown>>;
  readonly command: string;
  readonly data: string;
  readonly metrics: Readonly<Record<string, limner__serve__routes__packs__Interval>>;
  readonly n: number;
  readonly region: string;
};

/** What became of the files. */
export type Finished = {
  readonly refused: readonly RefusedFile[];
  /** Ids of the studies that hold them. */
  readonly studies: readonly string[];
};

/** What a table's lesions may come to. */
export type Forecasts = {
  readonly forecasts: readonly Row[];
  readonly learned_from: Readonly<Record<string, unknown>>;
  readonly note: string;
  readonly problems: readonly string[];
  readonly readings: readonly Reading[];
};

/** A pack that makes pictures of nobody. */
export type GeneratorItem = {
  /** That can be set, each a share from 0 to 1. */
  readonly attributes: readonly string[];
  readonly channels: number;
  /** That can be asked for, where the condition is a class. */
  readonly classes: readonly string[];
  readonly condition: "none" | "label" | "mask" | "place";
  readonly description: string;
  /** Each picture is made from a label map that can be shown. */
  readonly has_labels: boolean;
  readonly licence: string;
  readonly modalities: readonly string[];
  readonly name: string;
  readonly non_commercial: boolean;
  /** Pixels along y and x. */
  readonly size: readonly number[];
  readonly version: string;
  /** What is said in Chinese for the classes. */
  readonly zh: Readonly<Record<string, string>>;
};

/** A pack that makes pictures, and what its sliders move. */
export type GeneratorTold = {
  /** That can be set, each a share from 0 to 1. */
  readonly attributes: readonly string[];
  readonly channels: number;
  /** That can be asked for, where the condition is a class. */
  readonly classes: readonly string[];
  readonly condition: "none" | "label" | "mask" | "place";
  readonly description: string;
  readonly directions: readonly Direction[];
  /** Each picture is made from a label map that can be shown. */
  readonly has_labels: boolean;
  readonly licence: string;
  readonly modalities: readonly string[];
  readonly name: string;
  readonly non_commercial: boolean;
  /** Pixels along y and x. */
  readonly size: readonly number[];
  readonly version: string;
  /** What is said in Chinese for the classes. */
  readonly zh: Readonly<Record<string, string>>;
};

/** Packs that make pictures. */
export type Generators = {
  readonly items: readonly GeneratorItem[];
  readonly total: number;
};

/** Nothing more: what runs here is nobody's business who is not logged in. */
export type Health = {
  readonly ok: boolean;
};

/** Which picture. */
export type ImageWish = {
  /** In place of the seed. */
  readonly between?: Between | null;
  readonly class?: string | null;
  readonly moves?: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly show: "picture" | "labels";
  readonly truncation: number;
  readonly values?: Readonly<Record<string, number>>;
};

/** What a link is for. ``name`` is set where the user is there already. */
export type InviteNow = {
  readonly display: string | null;
  readonly expires: string;
  readonly kind: "first-admin" | "new" | "reset";
  readonly name: string | null;
  readonly password_length: number;
  readonly role: "reader" | "planner" | "admin";
};

/** A job. ``fraction`` is of the whole, 0 to 1; ``message`` says why it failed; ``made_id`` is its result. */
export type JobTold = {
  readonly attempt: number;
  readonly created: string;
  readonly ended: string | null;
  readonly fraction: number;
  readonly id: string;
  readonly kind: string;
  readonly made_id: string | null;
  readonly message: string;
  readonly owner: string;
  readonly result_id: string | null;
  readonly started: string | null;
  readonly state: "queued" | "running" | "done" | "failed" | "cancelled";
  readonly step: string;
  readonly study_id: string | null;
};

/** Some jobs, the newest first, and how many there are. */
export type Jobs = {
  readonly items: readonly JobTold[];
  readonly total: number;
};

/** What drafts of this browser belong to. */
export type Kept = {
  readonly results: readonly string[];
  readonly studies: readonly string[];
};

/** A label that may be painted. */
export type LabelOut = {
  readonly color: readonly [number, number, number];
  readonly kind: string;
  readonly name: string;
  readonly value: number;
  /** The label of the organ that it lies in: what an eraser leaves. */
  readonly within?: number | null;
};

/** All labels that a corrected map may hold. */
export type Labels = {
  /** Labels that a net of the pack draws, so that a click may ask it. */
  readonly clicks: readonly number[];
  readonly items: readonly LabelOut[];
  readonly total: number;
};

/** A needle from the skin to a tip. */
export type Line = {
  /** Moved along the line to where it leaves the body. */
  readonly entry_mm: readonly number[];
  /** A probe of the table, whose zone is laid at the tip. */
  readonly probe?: string | null;
  /** Of a drag: a later question replaces an earlier one. */
  readonly stream?: string | null;
  /** Id of a lesion; the largest if not given. */
  readonly target?: string | null;
  /** The tip. */
  readonly target_mm: readonly number[];
};

/** A link that can be used once. It is shown now and never again. */
export type Link = {
  readonly expires: string;
  readonly link: string;
};

/** A name and a password. */
export type Login = {
  readonly name: string;
  readonly password: string;
};

/** The token. Its secret is shown now and never again. */
export type MadeToken = {
  readonly secret: string;
  readonly token: TokenNow;
};

/** The user, and the link with which they choose a password. */
export type MadeUser = {
  readonly invite: Link;
  readonly user: UserNow;
};

/** Voxels in a box of the turned volume. */
export type Mask = {
  /** Base64 of gzip of bits, x fastest, the lowest bit of a byte first. */
  readonly mask: string;
  readonly ml: number;
  /** (z, y, x) of its first voxel. */
  readonly origin: readonly [number, number, number];
  /** (z, y, x) */
  readonly shape: readonly [number, number, number];
  readonly voxels: number;
};

/** Who is logged in. */
export type Me = {
  readonly display: string;
  readonly id: string;
  readonly lang: string;
  readonly name: string;
  readonly role: "reader" | "planner" | "admin";
};

/** A measurement. ``signed``: it stands in a signed report, and cannot be changed. */
export type MeasureTold = {
  readonly author: string;
  readonly changed: string;
  readonly created: string;
  readonly id: string;
  readonly kind: "length" | "angle" | "ellipse" | "probe";
  readonly mine: boolean;
  readonly plane: "axial" | "coronal" | "sagittal";
  readonly points_mm: readonly readonly [number, number, number][];
  readonly series_id: string;
  readonly signed: boolean;
  readonly version: number;
};

/** A measurement: its points in world millimetres (LPS), on a slice of a plane of a series. */
export type Measured = {
  /** The version that the page knows; 0 for a new one. */
  readonly base: number;
  readonly kind: "length" | "angle" | "ellipse" | "probe";
  readonly plane: "axial" | "coronal" | "sagittal";
  readonly points_mm: readonly readonly [number, number, number][];
  readonly series_id: string;
};

/** All of a study, the oldest first. */
export type MeasuresTold = {
  readonly items: readonly MeasureTold[];
  readonly total: number;
};

/** What comes nearest to a path. */
export type Nearest = {
  readonly mm: number;
  readonly name: string;
};

/** Hard rules, and what soft scores are measured with. */
export type NeedleRules = {
  /** Offered paths differ in direction by this much, or in entry. */
  readonly apart_deg: number;
  /** Offered paths differ in entry by this much, or in direction. */
  readonly apart_mm: number;
  /** From the needle's axis to bone. Choice of this program. */
  readonly bone_margin_mm: number;
  /** Clearance beyond a margin by this much is as good as can be. */
  readonly comfort_mm: number;
  /** Of all intervals. */
  readonly confidence: number;
  /** From the axis to another lesion: it is not crossed. Choice. */
  readonly lesion_margin_mm: number;
  /** From the axis to drawn lung; the pleural recess reaches farther down than the lung. Choice of this program. */
  readonly lung_margin_mm: number;
  /** Between needle and skin normal; flatter needles slip along the skin. Choice. */
  readonly max_angle_deg: number;
  /** Skin to tip; usual applicators are 150 to 200 mm long. */
  readonly max_length_mm: number;
  /** So many paths of the highest score on the lattice are measured on voxels first. */
  readonly measured: number;
  /** From the axis to any organ but the target's, and to names that are not known. Choice. */
  readonly organ_margin_mm: number;
  /** A way outside the organ this long scores 0; the wall takes 20 to 40. Choice. */
  readonly outside_mm: number;
  /** Healthy parenchyma before the tumour beyond this gains nothing more. Choice. */
  readonly parenchyma_mm: number;
  /** How many different paths are offered. */
  readonly paths: number;
  /** Move the entries of chosen paths by parts of a cell while that scores higher. */
  readonly refine: boolean;
  /** Root mean square of the 3-D error at the tip. 3.5 ± 1.1 mm in breathing pig livers (Maier-Hein et al., MICCAI 2007, 10:42); 1.6 to 2.0 mm in phantoms (Scharll et al., Eur Radiol 32:6769, 2022). */
  readonly registration_error_mm: number;
  /** Side of the patient that lies on the table; 'anterior' where prone. */
  readonly table: "posterior" | "anterior" | "left" | "right" | "none";
  /** Entries nearer than this to the table's plane cannot be reached by a hand. Choice. */
  readonly table_gap_mm: number;
  /** Least rise of the needle's outer part over the table's plane; at −15 a hub 150 mm out hangs 39 mm lower than the entry, which table_gap_mm leaves free. Choice. */
  readonly table_tilt_deg: number;
  /** Points in the tumour: its deepest, and others spread inside. */
  readonly targets: number;
  /** Thinner vessels may be crossed. 3 mm is where radiology takes a vessel for large (Lin et al., J Cancer Res Ther 12:153, 2016; Thanos et al., Diagn Interv Radiol 14:51, 2008). */
  readonly vessel_diameter_mm: number;
  /** From the axis to a vessel over vessel_diameter_mm. Choice of this program. */
  readonly vessel_margin_mm: number;
  readonly weights: Weights;
};

/** The paths that are offered, and why other entries are refused. */
export type Needles = {
  readonly advice: string;
  readonly candidates: number;
  readonly confidence: number;
  readonly legend: readonly Readonly<Record<string, unknown>>[];
  readonly margins: Readonly<Record<string, number>>;
  readonly open_entries: number;
  readonly organ: string | null;
  readonly paths: readonly Path[];
  readonly refused: readonly Readonly<Record<string, unknown>>[];
  readonly relax: readonly Readonly<Record<string, unknown>>[];
};

/** Work that somebody asks for. ``options`` are the kind's own. */
export type NewJob = {
  /** draw, plan, forecast, explain, generate, pacs-get or pacs-send. */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The drawing that a plan or a forecast is made of, or that is sent. */
  readonly result_id?: string | null;
  readonly study_id?: string | null;
};

/** The present password, and the one to come. */
export type NewPassword = {
  readonly new: string;
  readonly present: string;
};

/** Rules to put in force; a section or setting that is left out goes back to its default. */
export type NewRules = {
  readonly values: Readonly<Record<string, unknown>>;
};

/** What a program shall be able to do: at most what its user can. */
export type NewToken = {
  /** Until it expires. */
  readonly days: number;
  readonly name: string;
  readonly scopes: readonly ("read" | "write" | "admin")[];
};

/** Who shall be able to log in. */
export type NewUser = {
  readonly display: string;
  readonly name: string;
  readonly role: "reader" | "planner" | "admin";
};

/** A node by its name. */
export type NodeName = {
  readonly node: string;
};

/** A node. Only an admin is told its address, and whether it may send to us. */
export type NodeTold = {
  readonly ae_title?: string | null;
  readonly answers?: boolean | null;
  readonly host?: string | null;
  readonly name: string;
  readonly port?: number | null;
  readonly receives?: boolean | null;
  readonly sends?: boolean | null;
};

/** The nodes. */
export type NodesTold = {
  readonly items: readonly NodeTold[];
  readonly total: number;
};

/** Which target is to be planned. */
export type Opened = {
  /** Id of a lesion; the largest if not given. */
  readonly target?: string | null;
};

/** A browser in which one is logged in; ``here`` is the one that asks. */
export type OwnSession = {
  readonly agent: string;
  readonly created: string;
  readonly here: boolean;
  readonly id: string;
  readonly seen: string;
};

/** One's own sessions. */
export type OwnSessions = {
  readonly items: readonly OwnSession[];
  readonly total: number;
};

/** A pack. ``reads`` is scan, slices or picture. */
export type PackTold = {
  readonly calibration: Readonly<Record<string, unknown>> | null;
  readonly classes: readonly string[];
  readonly description: string;
  readonly figures: readonly FigureRow[];
  readonly licence: string;
  readonly modalities: readonly string[];
  readonly name: string;
  readonly non_commercial: boolean;
  readonly reads: string;
  readonly shipped: boolean;
  readonly task: string;
  readonly version: string;
};

/** A pack with its card; ``files`` may be asked for. */
export type PackWhole = {
  readonly calibration: Readonly<Record<string, unknown>> | null;
  readonly card: string;
  readonly citations: readonly string[];
  readonly classes: readonly string[];
  readonly description: string;
  readonly figures: readonly FigureRow[];
  readonly files: readonly string[];
  readonly history: string;
  readonly licence: string;
  readonly modalities: readonly string[];
  readonly name: string;
  readonly non_commercial: boolean;
  readonly reads: string;
  readonly sha256: string;
  readonly shipped: boolean;
  readonly sources: readonly Readonly<Record<string, unknown>>[];
  readonly task: string;
  readonly version: string;
};

/** All packs that are at hand. */
export type Packs = {
  readonly items: readonly PackTold[];
  readonly total: number;
};

/** What was found. ``more``: a node has more than it was asked to tell; ``problems``: nodes that did not answer. */
export type PacsAnswer = {
  readonly items: readonly PacsStudy[];
  readonly more: boolean;
  readonly problems: readonly string[];
  readonly total: number;
};

/** One DICOM application of the house. */
export type PacsNode = {
  /** What DICOM calls it. */
  readonly ae_title: string;
  /** It may be searched. */
  readonly answers: boolean;
  readonly host: string;
  /** What people call it. */
  readonly name: string;
  readonly port: number;
  /** Readers may send drawings and signed reports to it. */
  readonly receives: boolean;
  /** It may send to our DICOM port. */
  readonly sends: boolean;
};

/** All of them. */
export type PacsNodes = {
  readonly items: readonly PacsNode[];
};

/** What is looked for; a POST, so that no name stands in an address. ``*`` and ``?`` are wildcards. */
export type PacsSearch = {
  readonly accession: string;
  readonly modality: string;
  /** All that can be searched if not given. */
  readonly node?: string | null;
  readonly patient_id: string;
  readonly patient_name: string;
  readonly since?: string | null;
  readonly until?: string | null;
};

/** A study at a node. */
export type PacsStudy = {
  readonly accession: string;
  readonly date: string;
  readonly description: string;
  readonly instances: number | null;
  readonly modalities: readonly string[];
  readonly node: string;
  readonly patient: Patient;
  readonly series: number | null;
  readonly study_uid: string;
};

/** A needle, judged. */
export type Path = {
  readonly angle_deg: number;
  readonly broken: readonly Broken[];
  readonly clearance_mm: limner__findings__plan__Interval;
  readonly clearances: readonly Clearance[];
  readonly cover?: Cover | null;
  /** x, y, z in LPS mm. */
  readonly entry_mm: readonly number[];
  readonly id: string;
  readonly length_mm: number;
  readonly nearest: Nearest | null;
  readonly organ_crossed_mm: number;
  readonly outside_mm: number;
  readonly safe: boolean;
  readonly safe_only_at_mean: boolean;
  readonly score: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly table_gap_mm: number | null;
  readonly table_tilt_deg: number | null;
  /** x, y, z in LPS mm. */
  readonly target_mm: readonly number[];
};

/** Whom a study shows, as its headers say. */
export type Patient = {
  readonly birth_date: string;
  readonly id: string;
  readonly name: string;
  readonly sex: string;
};

/** All who can be shown a study. */
export type People = {
  readonly items: readonly limner__serve__routes__users__Person[];
  readonly total: number;
};

/** The size of a photograph or still. */
export type PictureOut = {
  readonly channels: number;
  readonly columns: number;
  readonly rows: number;
};

/** All settings of a plan, a section each. */
export type PlanSettings = {
  readonly ablation: AblationRules;
  readonly needle: NeedleRules;
  readonly resection: ResectionRules;
  readonly scene: SceneRules;
};

/** A flat cut. */
export type Plane = {
  readonly kind: "plane";
  /** Towards the side that is taken out. */
  readonly normal: readonly number[];
  /** x, y, z in LPS mm. */
  readonly point_mm: readonly number[];
};

/** How far planning is, and what it found so far; ask again until ``step`` is ``done``. */
export type PlannerState = {
  /** What no label shows: the plan cannot see it. */
  readonly blind: readonly Readonly<Record<string, string>>[];
  readonly needles: Needles | null;
  readonly no_resection: string | null;
  readonly note: string;
  readonly probes: readonly Readonly<Record<string, unknown>>[];
  readonly problems: readonly Readonly<Record<string, string>>[];
  readonly resection: Readonly<Record<string, unknown>> | null;
  readonly seconds: Readonly<Record<string, number>>;
  readonly step: "needles" | "liver" | "resection" | "done";
  readonly structures: readonly Readonly<Record<string, string>>[];
  readonly target: string;
  readonly targets: readonly TargetTold[];
  readonly with_image: boolean;
};

/** A voxel of the turned volume, ``(x, y, z)``: from the right, the front and the feet. */
export type Point = {
  readonly ijk: readonly [number, number, number];
  readonly inside: boolean;
};

/** Another study of a patient. */
export type Prior = {
  /** Whether the actor may share and delete it. */
  readonly can_change: boolean;
  readonly created: string;
  readonly date: string;
  readonly description: string;
  readonly id: string;
  readonly instances: number;
  readonly kind: "scan" | "picture";
  readonly mine: boolean;
  readonly modalities: readonly string[];
  /** Id of its newest drawing: to see that opens no study. */
  readonly newest_drawing: string | null;
  readonly owner: string;
  readonly patient: Patient;
  readonly results: ResultCounts;
  readonly series: number;
  readonly shared: boolean;
  readonly status: "new" | "drawing" | "drawn" | "planned" | "signed" | "failed";
  readonly uid: string;
};

/** Other studies of a patient. */
export type Priors = {
  readonly items: readonly Prior[];
  readonly total: number;
};

/** A refusal: ``detail`` says what was expected, what came, and what to do. */
export type Problem = {
  readonly detail: string;
  readonly status: number;
  readonly title: string;
};

/** Something that a reader must know of the series. */
export type ProblemOut = {
  readonly code: string;
  readonly severity: "warning" | "error";
  readonly text: string;
};

/** Drawings, the most uncertain first. */
export type Ranked = {
  readonly formula: string;
  readonly items: readonly Waiting[];
  /** Of all that wait, also those beyond the limit. */
  readonly total: number;
};

/** What was measured. */
export type Reading = {
  readonly day: number;
  readonly patient: string;
  readonly volume_ml: number;
};

/** What adds to a drawing's doubt: a finding's id, empty for the answer as a whole. */
export type Reason = {
  readonly finding: string;
  readonly share: number;
};

/** A file that is on the server's disk. */
export type ReceivedFile = {
  readonly bytes: number;
  readonly name: string;
  readonly sha256?: string | null;
};

/** A file that was not taken, and why. */
export type RefusedFile = {
  readonly file: string;
  readonly reason: string;
};

/** What a resection must keep, and what weighs how much where several keep it. */
export type ResectionRules = {
  /** Proposed cuts keep the margin at its value, or at the low end of its interval. */
  readonly aim: "value" | "low";
  /** Of the intervals, as a share. */
  readonly coverage: number;
  /** Doubt of the liver's border, mm; an assumption: about a pixel. */
  readonly liver_border_sd_mm: number;
  /** Which of the three remnant thresholds applies. */
  readonly liver_state: "normal" | "chemotherapy" | "injured";
  /** Liver between tumour and cut, mm. 10 mm is the traditional rule; 1 mm is the least that counts as R0 (Poultsides GA, Schulick RD, Pawlik TM. HPB 12:43-49, 2010). */
  readonly margin_mm: number;
  /** How far the cut that is made lies from the cut that was planned, mm; an assumption. */
  readonly registration_sd_mm: number;
  /** Least remnant after more than three months of chemotherapy, % (Shindoh J et al. Ann Surg Oncol 20:2493-2500, 2013). */
  readonly remnant_chemotherapy_percent: number;
  /** Which part of the remnant is held against the threshold, where vessel trees are known: what is left must keep inflow and outflow (Charnsangavej C et al. Ann Surg Oncol 13:1261-1268, 2006). */
  readonly remnant_counts: "all" | "with inflow" | "with inflow and outflow";
  /** Least remnant of a fibrotic or cirrhotic liver, % (Azoulay D et al. Ann Surg 232:665-672, 2000). */
  readonly remnant_injured_percent: number;
  /** Least remnant of a normal liver, % of functional liver (Kishi Y et al. Ann Surg 250:540-548, 2009). */
  readonly remnant_normal_percent: number;
  /** Loose pieces of remnant under this are not counted, ml; an assumption. */
  readonly smallest_piece_ml: number;
  /** Cut vessels under this diameter are not listed, mm; an assumption. */
  readonly smallest_vessel_mm: number;
  /** A vessel that runs this near to the border of the segments taken stays with the remnant, mm: hepatic veins run between segments (Couinaud C. Le foie, 1957), and are dissected free; an assumption. */
  readonly spared_vessel_mm: number;
  /** Doubt of the tumour's border, mm; an assumption: about a pixel. */
  readonly tumor_border_sd_mm: number;
  /** How steep the walls of a wedge rise beyond its control points, mm/mm. */
  readonly wall_slope: number;
  /** Per 100 cm² of cut surface: bleeding and bile. */
  readonly weight_area: number;
  /** Per share of functional liver left without flow. */
  readonly weight_lost: number;
  /** Per share of the margin that is missing. */
  readonly weight_margin: number;
  /** Per loose piece of remnant beyond the first. */
  readonly weight_pieces: number;
  /** Per share of functional liver that is taken. */
  readonly weight_resected: number;
  /** Per 10 mm of cut vessels' diameters. */
  readonly weight_vessels: number;
};

/** How many results of each kind a study has. */
export type ResultCounts = {
  readonly drawings: number;
  readonly forecasts: number;
  readonly plans: number;
};

/** A result, without its files. */
export type ResultTold = {
  readonly author: string;
  readonly created: string;
  readonly id: string;
  readonly kind: "drawing" | "plan" | "forecast" | "explanation" | "generated" | "report";
  readonly mine: boolean;
  readonly pack: string;
  readonly parent_id: string | null;
  readonly series_id: string | null;
  readonly signed: Signed | null;
  readonly study_id: string | null;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly title: string;
  readonly version: number;
};

/** A result with its files; of a drawing also what ``drawing.json`` says. */
export type ResultWhole = {
  readonly author: string;
  readonly created: string;
  readonly drawing?: Readonly<Record<string, unknown>> | null;
  readonly files: readonly string[];
  readonly id: string;
  readonly kind: "drawing" | "plan" | "forecast" | "explanation" | "generated" | "report";
  readonly mine: boolean;
  /** Number of the newest version of this drawing; its own where it has no versions. */
  readonly newest: number;
  readonly pack: string;
  readonly parent_id: string | null;
  readonly series_id: string | null;
  readonly signed: Signed | null;
  readonly study_id: string | null;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly title: string;
  readonly version: number;
};

/** The forecast of one day: a tenth of readings lies below ``p10``, a tenth above ``p90``. */
export type Row = {
  readonly day: number;
  readonly median: number;
  readonly model: string;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly patient: string;
  readonly readings: number;
};

/** The rules in force, and what may be set. */
export type Rules = {
  readonly defaults: PlanSettings;
  /** JSON Schema: unit, range and source of each setting. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly values: PlanSettings;
};

/** How the drawing is read before anything is planned. */
export type SceneRules = {
  /** Standard deviation of a border whose structure has no volume interval in the drawing, mm. About a pixel; an assumption. */
  readonly border_sd_mm: number;
  /** Where the scan itself is given: what is thinner than this inside the body and not lung is gas, and gas is bowel, HU. Fat ends at about -150. */
  readonly gas_hu: number;
  /** Wall and content of bowel around the gas that is seen, mm. An assumption. */
  readonly gas_wall_mm: number;
  /** Which lesions a resection takes out: the target, or every lesion of the liver. */
  readonly resect: "target" | "all";
  /** Smaller pockets are not taken for bowel, ml. */
  readonly smallest_gas_ml: number;
};

/** What is looked for; a POST, so that no name stands in an address. */
export type Search = {
  readonly limit: number;
  readonly modality: string;
  readonly offset: number;
  readonly order: "created" | "-created" | "date" | "-date" | "patient" | "-patient";
  readonly since?: string | null;
  readonly status?: "new" | "drawing" | "drawn" | "planned" | "signed" | "failed" | null;
  readonly text: string;
  readonly until?: string | null;
};

/** A measurement as the one who signs saw it. */
export type SeenMeasure = {
  readonly id: string;
  readonly version: number;
};

/** Whole segments, or territories of branches. */
export type Segmentwise = {
  readonly ids: readonly number[];
  readonly kind: "segmentwise";
  readonly of: "segments" | "portal" | "hepatic";
};

/** A series: its axial volume, if it has one. */
export type SeriesOut = {
  /** 4 × 4, takes (x, y, z, 1) of a voxel to LPS mm. */
  readonly affine?: readonly readonly number[][] | null;
  readonly description: string;
  readonly drawable: boolean;
  readonly id: string;
  readonly intercept: number;
  readonly modality: string;
  /** The name of the preset to open with. */
  readonly opening?: string | null;
  readonly picture?: PictureOut | null;
  readonly problems: readonly ProblemOut[];
  /** Slices, rows, columns of the axial volume. */
  readonly shape?: readonly [number, number, number] | null;
  readonly slices: readonly SliceOut[];
  /** value = stored × slope + intercept */
  readonly slope: number;
  /** Between slices, rows, columns. */
  readonly spacing_mm?: readonly [number, number, number] | null;
  readonly study_id: string;
  readonly suggested_pack: string | null;
  /** HU, or nothing where values have no unit. */
  readonly unit: string;
  readonly value_range?: readonly [number, number] | null;
  /** Presets; the keys 1 to 7. */
  readonly window: readonly WindowOut[];
};

/** A series of a study. Shape and spacing are there once its volume was made. */
export type SeriesRow = {
  readonly description: string;
  readonly drawable: boolean;
  readonly id: string;
  readonly instances: number;
  readonly modality: string;
  readonly number: number | null;
  readonly shape: readonly number[] | null;
  readonly spacing_mm: readonly number[] | null;
  readonly suggested_pack: string | null;
  readonly uid: string;
};

/** The login, and what a page must know before it draws. */
export type SessionNow = {
  readonly csrf?: string | null;
  /** Base64: what the browser seals the user's drafts with (AES-GCM). */
  readonly drafts_key?: string | null;
  readonly first_start: boolean;
  readonly idle_seconds: number;
  readonly oidc?: string | null;
  readonly user: Me | null;
  readonly version: string;
};

/** Several cuts in one operation. */
export type Several = {
  readonly cuts: readonly (Plane | Curved | Segmentwise)[];
  readonly kind: "several";
};

/** Who else sees a study. */
export type Sharing = {
  /** Ids of the users to whom it is shown, in place of those before. */
  readonly grants?: readonly string[] | null;
  /** Everyone. */
  readonly shared?: boolean | null;
};

/** What the one who signs says. */
export type Signature = {
  readonly lang: "en" | "zh";
  /** One's own that the report holds; all of the study if not given. */
  readonly measures?: readonly SeenMeasure[] | null;
  readonly text: string;
};

/** Who signed a result, when, and what they wrote. */
export type Signed = {
  readonly at: string;
  readonly by: string;
  readonly text: string;
};

/** One axial slice: its number from the feet, and the image that it is, where it is one. */
export type SliceOut = {
  readonly k: number;
  readonly sop_uid: string | null;
};

/** One finding. */
export type StructureOut = {
  readonly abstained: boolean;
  readonly center_mm: readonly [number, number, number] | null;
  readonly color: readonly [number, number, number];
  readonly facts: readonly FactOut[];
  readonly id: string;
  readonly kind: string;
  readonly label: number;
  readonly name: string;
  readonly opacity: number;
  readonly probability: number | null;
  readonly reasons: readonly string[];
  readonly title: string;
  readonly volume: string | null;
};

/** All findings of a drawing, lesions first, and what was wrong. */
export type StructuresOut = {
  readonly problems: readonly ProblemOut[];
  readonly structures: readonly StructureOut[];
};

/** A page of the work list. */
export type StudyPage = {
  readonly items: readonly StudyRow[];
  readonly total: number;
};

/** A study in the work list. */
export type StudyRow = {
  /** Whether the actor may share and delete it. */
  readonly can_change: boolean;
  readonly created: string;
  readonly date: string;
  readonly description: string;
  readonly id: string;
  readonly instances: number;
  readonly kind: "scan" | "picture";
  readonly mine: boolean;
  readonly modalities: readonly string[];
  readonly owner: string;
  readonly patient: Patient;
  readonly results: ResultCounts;
  readonly series: number;
  readonly shared: boolean;
  readonly status: "new" | "drawing" | "drawn" | "planned" | "signed" | "failed";
  readonly uid: string;
};

/** A study with its series, results and jobs. */
export type StudyWhole = {
  /** Whether the actor may share and delete it. */
  readonly can_change: boolean;
  readonly created: string;
  readonly date: string;
  readonly description: string;
  /** To whom it is shown; only who may change that is told. */
  readonly grants: readonly limner__serve__routes__studies__Person[];
  readonly id: string;
  readonly instances: number;
  readonly jobs: readonly JobTold[];
  readonly kind: "scan" | "picture";
  readonly mine: boolean;
  readonly modalities: readonly string[];
  readonly owner: string;
  readonly patient: Patient;
  readonly results: readonly ResultTold[];
  readonly series: readonly SeriesRow[];
  readonly shared: boolean;
  readonly status: "new" | "drawing" | "drawn" | "planned" | "signed" | "failed";
  readonly uid: string;
};

/** Readings of lesions, and the days that are asked. */
export type Table = {
  /** Columns patient, day, volume_ml; an empty volume is forecast. */
  readonly csv: string;
};

/** A lesion that can be aimed at. */
export type TargetTold = {
  readonly abstained: boolean;
  /** x, y, z in LPS mm. */
  readonly center_mm: readonly number[];
  readonly id: string;
  readonly longest_mm: number | null;
  readonly name: string;
  readonly probability?: number | null;
  readonly volume_ml: number;
};

/** A token, without its secret. */
export type TokenNow = {
  readonly created: string;
  readonly expires: string | null;
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ("read" | "write" | "admin")[];
  readonly used: string | null;
};

/** One's tokens. */
export type Tokens = {
  readonly items: readonly TokenNow[];
  readonly total: number;
};

/** What of an upload has come: these files need not be sent again. */
export type UploadNow = {
  readonly files: readonly ReceivedFile[];
  readonly finished: boolean;
  readonly id: string;
};

/** What an admin may change; what is not given stays. */
export type UserChange = {
  readonly active?: boolean | null;
  readonly display?: string | null;
  /** False unlocks; nobody is locked by hand. */
  readonly locked?: boolean | null;
  readonly role?: "reader" | "planner" | "admin" | null;
};

/** A user as an admin sees them. */
export type UserNow = {
  readonly active: boolean;
  readonly can_log_in: boolean;
  readonly created: string;
  readonly display: string;
  readonly id: string;
  readonly invited: boolean;
  readonly locked: boolean;
  readonly name: string;
  readonly oidc: boolean;
  readonly role: "reader" | "planner" | "admin";
  readonly seen: string | null;
};

/** All users. */
export type Users = {
  readonly items: readonly UserNow[];
  readonly total: number;
};

/** What was found. ``hash`` is the last entry's: noted elsewhere, it proves the log up to here. */
export type Verdict = {
  readonly anchor: number | null;
  readonly breaks: readonly Break[];
  readonly entries: number;
  readonly hash: string;
  readonly whole: boolean;
};

/** A drawing that nobody corrected yet. */
export type Waiting = {
  readonly date: string;
  readonly doubt: number;
  readonly lesions: number;
  readonly pack: string;
  /** As the work list calls them. */
  readonly patient: string;
  readonly reasons: readonly Reason[];
  readonly result_id: string;
  readonly study_id: string;
};

/** One figure that a pack reached on cases that it did not learn from. */
export type Weakness = {
  readonly baseline?: number | null;
  readonly data: string;
  readonly high: number | null;
  readonly low: number | null;
  readonly measure: string;
  readonly n: number;
  readonly region: string;
  readonly value: number;
};

/** How much each soft score counts; a score of 1 is as good as can be, 0 just within the rules. */
export type Weights = {
  /** A steep entry: 1 − angle to the skin's normal / max_angle_deg. */
  readonly angle: number;
  /** Depth of the tip in the tumour: 1 at its deepest point. */
  readonly depth: number;
  /** A short way: 1 − length / max_length_mm. */
  readonly length: number;
  /** Healthy parenchyma before the tumour, up to parenchyma_mm: it stops bleeding and seeding. */
  readonly organ_crossed: number;
  /** Clearance to lungs, other organs and other lesions. */
  readonly organs: number;
  /** A short way outside the organ: what no label shows there may be stomach or bowel. */
  readonly outside: number;
  /** Clearance to bones: how far amid the gap between ribs. */
  readonly rib_gap: number;
  /** Clearance to vessels. */
  readonly vessels: number;
};

/** A preset: stored under a key of the page's words. */
export type WindowOut = {
  readonly center: number;
  readonly name: string;
  readonly width: number;
};

/** A value and how far it may lie off: the interval holds the truth with the plan's ``confidence``. */
export type limner__findings__plan__Interval = {
  readonly high: number;
  readonly low: number;
  readonly value: number;
};

/** A figure with its 95 % interval. */
export type limner__serve__routes__packs__Interval = {
  readonly high?: number | null;
  readonly low?: number | null;
  readonly value: number | null;
};

/** Somebody who is shown the study. */
export type limner__serve__routes__studies__Person = {
  readonly display: string;
  readonly id: string;
};

/** Whom a study can be shown to. */
export type limner__serve__routes__users__Person = {
  readonly display: string;
  readonly id: string;
};
