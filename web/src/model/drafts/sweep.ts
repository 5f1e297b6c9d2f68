// Drafts that can no longer become anything are taken away: their study or result has gone, or they were saved.
import { api } from "../../api/client";
import type { Job } from "../../api/types";
import type { Head } from "../correcting/draft";
import { type Kind, database, dropEdits, got, written } from "./shelf";
import { vault } from "./vault";

const MOST = 500; // as the server takes at once

/** Once after a login. */
export async function sweep(): Promise<void> {
  dropOpen();
  const { user } = vault();
  const mine = IDBKeyRange.bound([user], [user, []]);
  const read = (await database()).transaction(["heads", "small"]);
  const [heads, small] = await Promise.all([
    got(read.objectStore("heads").getAll(mine) as IDBRequest<Head[]>),
    got(read.objectStore("small").getAllKeys(mine) as IDBRequest<unknown[]>) as Promise<[string, Kind, string][]>,
  ]);
  const ofStudies = small.filter(([, kind]) => kind === "measures").map(([, , id]) => id);
  const ofResults = small.filter(([, kind]) => kind !== "measures").map(([, , id]) => id);
  const asked = {
    results: [...new Set([...heads.map((one) => one.result), ...ofResults])].slice(0, MOST),
    studies: ofStudies.slice(0, MOST),
  };
  if (!asked.results.length && !asked.studies.length) return;
  const there = await api.post<typeof asked>("/api/drafts/there", asked);
  const gone = new Set([...asked.results, ...asked.studies].filter((one) => !there.results.includes(one) && !there.studies.includes(one)));
  for (const one of heads) if (one.sent && !gone.has(one.result) && (await isDone(one.sent))) gone.add(one.result);
  if (!gone.size) return;
  await written(["heads", "edits", "small"], (store) => {
    for (const one of heads) if (gone.has(one.result)) dropEdits(store, user, one.result);
    for (const one of small) if (gone.has(one[2])) store("small").delete(one);
  });
}

/** Whether a correction that was sent has become a version. */
export async function isDone(job: string): Promise<boolean> {
  try {
    return (await api.get<Job>(`/api/jobs/${job}`)).state === "done";
  } catch {
    return false; // then it is asked for another time
  }
}

/** What earlier versions of the workstation kept unsealed. */
function dropOpen(): void {
  indexedDB.deleteDatabase("limner.drafts");
  const open = /^limner\.(plan\.drafts\..*|[^.]+\.measures\..*)$/;
  for (const name of Object.keys(localStorage)) if (open.test(name)) localStorage.removeItem(name);
}
