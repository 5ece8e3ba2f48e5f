// A key pair that signs DPoP proofs (auth.md §6). The private half cannot leave the browser.

/** How a key signs: RSA with PKCS #1 v1.5 padding, or ECDSA on P-256, both with SHA-256 (RFC 7518 §3.3, §3.4). */
export type DpopAlgorithm = "RS256" | "ES256";

/** What Web Crypto is told, for making the pair and for each signature; and the members of RFC 7638, in its order. */
const SCHEMES = {
  RS256: [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }, ["e", "kty", "n"]],
  ES256: [{ name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" }, ["crv", "kty", "x", "y"]],
} as const;

/** A fresh pair. Rejects where there is no Web Crypto, which is also so on an insecure origin. */
export async function generate(algorithm: DpopAlgorithm): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(SCHEMES[algorithm][0], false, ["sign", "verify"]);
}

/** Whether it is a pair that signs by this algorithm: what was stored may be damaged, or somebody else's. */
export async function isUsable(algorithm: DpopAlgorithm, pair: CryptoKeyPair | undefined): Promise<boolean> {
  try {
    const [scheme] = SCHEMES[algorithm];
    const { privateKey, publicKey } = pair as CryptoKeyPair;
    const data = utf8(algorithm);
    return !privateKey.extractable && (await crypto.subtle.verify(scheme, publicKey, await crypto.subtle.sign(scheme, privateKey, data), data));
  } catch {
    return false;
  }
}

/** A pair with its name. */
export class DpopKey {
  readonly #algorithm: DpopAlgorithm;
  readonly #privateKey: CryptoKey;
  /** `typ`, `alg` and the public key, which has no other members than its thumbprint is made of (auth.md §6.3). */
  readonly #header: string;
  /** The thumbprint of the public key by RFC 7638: base64url, 43 characters. */
  readonly fingerprint: string;

  private constructor(algorithm: DpopAlgorithm, privateKey: CryptoKey, jwk: string, fingerprint: string) {
    this.#algorithm = algorithm;
    this.#privateKey = privateKey;
    this.#header = base64url(utf8(`{"typ":"dpop+jwt","alg":"${algorithm}","jwk":${jwk}}`));
    this.fingerprint = fingerprint;
  }

  static async of(algorithm: DpopAlgorithm, { privateKey, publicKey }: CryptoKeyPair): Promise<DpopKey> {
    const jwk = canonical(algorithm, await crypto.subtle.exportKey("jwk", publicKey));
    return new DpopKey(algorithm, privateKey, jwk, await hash(jwk));
  }

  /**
   * A proof as a JWS in compact form (RFC 7515).
   *
   * @param claims a JSON object
   * @param athOf the token whose hash becomes the claim `ath` (RFC 9449 §4.2)
   */
  async sign(claims: string, athOf: string | undefined): Promise<string> {
    const ath = athOf === undefined ? {} : { ath: await hash(athOf) };
    const input = `${this.#header}.${base64url(utf8(JSON.stringify({ ...JSON.parse(claims), ...ath })))}`;
    const signature = await crypto.subtle.sign(SCHEMES[this.#algorithm][0], this.#privateKey, utf8(input));
    return `${input}.${base64url(new Uint8Array(signature))}`;
  }
}

/** The text whose hash is the thumbprint (RFC 7638 §3.3). */
function canonical(algorithm: DpopAlgorithm, jwk: JsonWebKey): string {
  return JSON.stringify(jwk, [...SCHEMES[algorithm][1]]);
}

async function hash(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Without padding (RFC 4648 §5, RFC 7515 §2). */
function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (sign) => (sign === "+" ? "-" : sign === "/" ? "_" : ""));
}
