// Asking the server: JSON in and out, raw bytes where pictures travel, and problems (RFC 9457) as errors.
//
// A change carries the session's CSRF header. What the server says when nobody is logged in goes to `onSignedOut`.

/** What the server refused, or that it could not be reached (status 0). `detail` says what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly retryAfter_s: number | null = null,
  ) {
    super(detail || title);
    this.name = "ApiError";
  }
}

type Listener = () => void;

/** What the client keeps between requests; `model/session` fills it. */
export const connection = {
  csrf: null as string | null,
  onSignedOut: (() => undefined) as Listener,
  onRefused: (() => undefined) as Listener,
  onAnswer: (() => undefined) as Listener,
  onSilence: (() => undefined) as Listener,
};

export interface Options {
  signal?: AbortSignal;
  headers?: Readonly<Record<string, string>>;
}

export interface Bytes {
  readonly data: ArrayBuffer;
  readonly headers: Headers;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Body = Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

function headersFor(method: Method, options: Options, type: string | null): Record<string, string> {
  return {
    Accept: "application/json",
    ...(type ? { "Content-Type": type } : {}),
    ...(method !== "GET" && connection.csrf ? { "X-CSRF-Token": connection.csrf } : {}),
    ...options.headers,
  };
}

const TRIES = 8;

/** Sends; what only reads is asked again where the server says that it is busy, and when to come back. */
async function send(method: Method, path: string, body: string | Body | null, type: string | null, options: Options): Promise<Response> {
  for (let turn = 1; ; turn++) {
    const answer = await once(method, path, body, type, options);
    connection.onAnswer();
    if (answer.ok) return answer;
    const failed = problemOf(answer.status, await answer.text(), answer.headers.get("Retry-After"));
    if (method === "GET" && failed.status === 503 && failed.retryAfter_s !== null && turn < TRIES && !options.signal?.aborted) {
      await new Promise((done) => setTimeout(done, 1000 * Math.min(5, failed.retryAfter_s ?? 1)));
      continue;
    }
    if (failed.status === 401 && !path.startsWith("/api/session")) connection.onSignedOut();
    if (failed.status === 403 && method !== "GET") connection.onRefused();
    throw failed;
  }
}

async function once(method: Method, path: string, body: string | Body | null, type: string | null, options: Options): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      body,
      headers: headersFor(method, options, type),
      signal: options.signal ?? null,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    connection.onSilence();
    throw new ApiError(0, "offline", "");
  }
}

function problemOf(status: number, text: string, retryAfter: string | null): ApiError {
  const wait = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  try {
    const told = JSON.parse(text) as { title?: unknown; detail?: unknown };
    const detail = typeof told.detail === "string" ? told.detail : "";
    return new ApiError(status, typeof told.title === "string" ? told.title : `HTTP ${status}`, detail, wait);
  } catch {
    return new ApiError(status, `HTTP ${status}`, "", wait);
  }
}

async function json<T>(method: Method, path: string, body: unknown, options: Options = {}): Promise<T> {
  const answer = await send(method, path, body === undefined ? null : JSON.stringify(body), body === undefined ? null : "application/json", options);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const api = {
  get: <T>(path: string, options?: Options) => json<T>("GET", path, undefined, options),
  post: <T>(path: string, body?: unknown, options?: Options) => json<T>("POST", path, body, options),
  put: <T>(path: string, body: unknown, options?: Options) => json<T>("PUT", path, body, options),
  patch: <T>(path: string, body: unknown, options?: Options) => json<T>("PATCH", path, body, options),
  del: <T = undefined>(path: string, options?: Options) => json<T>("DELETE", path, undefined, options),
  /** Raw bytes, and the answer's headers. */
  async bytes(path: string, options: Options = {}): Promise<Bytes> {
    const answer = await send("GET", path, null, null, { ...options, headers: { Accept: "*/*", ...options.headers } });
    return { data: await answer.arrayBuffer(), headers: answer.headers };
  },
  /** Text: a card, a log. */
  async text(path: string, options: Options = {}): Promise<string> {
    return (await send("GET", path, null, null, { ...options, headers: { Accept: "text/*", ...options.headers } })).text();
  },
  /** Sends raw bytes (a label map, say) and reads JSON. */
  async sendBytes<T>(method: "POST" | "PUT", path: string, body: Body, options: Options = {}): Promise<T> {
    const answer = await send(method, path, body, "application/octet-stream", options);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  },
  /** Sends bytes and receives bytes (an answer that is a picture). */
  async bytesOf(path: string, body: unknown, options: Options = {}): Promise<Bytes> {
    const headers = { Accept: "*/*", ...options.headers };
    const answer = await send("POST", path, JSON.stringify(body), "application/json", { ...options, headers });
    return { data: await answer.arrayBuffer(), headers: answer.headers };
  },
  upload,
};

/** Sends a file and tells how far it is; `fetch` cannot tell that yet. */
function upload<T>(method: "POST" | "PUT", path: string, body: Blob, options: Options & { onSent?: (bytes: number) => void } = {}): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries(headersFor(method, options, "application/octet-stream"))) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => options.onSent?.(event.loaded);
    request.onload = () => {
      connection.onAnswer();
      if (request.status < 300) return resolve((request.responseText ? JSON.parse(request.responseText) : undefined) as T);
      if (request.status === 401) connection.onSignedOut();
      return reject(problemOf(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => {
      connection.onSilence();
      reject(new ApiError(0, "offline", ""));
    };
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    if (options.signal?.aborted) return reject(new DOMException("The upload was stopped.", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}
