// The key of who is logged in, for what waits in this browser. It comes with the login, stays in memory, and goes at
// logout: on the disk of a machine that many share lies only what it has sealed.
//
// Source: AES-GCM of NIST SP 800-38D; a fresh random 96-bit vector each time (8.2.2), the place of a draft authenticated.
import { say } from "../words";

export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: ArrayBuffer;
}

export class Vault {
  constructor(
    readonly user: string,
    private readonly key: Promise<CryptoKey>,
  ) {}

  /** `place` says where it will lie: sealed bytes that were moved elsewhere cannot be opened. */
  async seal(place: string, bytes: Uint8Array<ArrayBuffer>): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, data: await crypto.subtle.encrypt(this.how(place, iv), await this.key, bytes) };
  }

  async open(place: string, sealed: Sealed): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await crypto.subtle.decrypt(this.how(place, sealed.iv), await this.key, sealed.data));
    } catch {
      throw new Error(say("drafts.locked"));
    }
  }

  private how(place: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${this.user} ${place}`) };
  }
}

let now: Vault | null = null;

/** Takes the key that came with a login; where WebCrypto is missing (no TLS, not this machine) nothing is kept. */
export function unlock(user: string, coded: string): void {
  if (now?.user === user) return;
  if (!globalThis.crypto?.subtle) return lock();
  const raw = Uint8Array.from(atob(coded), (one) => one.charCodeAt(0));
  now = new Vault(user, crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]));
}

export function lock(): void {
  now = null;
}

/** Of who is logged in. Whoever began to write with it may finish.
 *
 * @throws where drafts cannot be kept.
 */
export function vault(): Vault {
  if (!now) throw new Error(say("drafts.unsafe"));
  return now;
}
