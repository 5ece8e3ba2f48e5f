// A key pair that signs DPoP proofs (auth.md §6). The private half cannot leave the browser.

/** How a key signs: RSA with PKCS #1 v1.5 padding, or ECDSA on P-256, both with SHA-256 (RFC 7518 §3.3, §3.4). */
export type DpopAlgorithm = "RS256" | "ES256";

interface Scheme {
  /** For Web Crypto, when the pair is made and for each signature. */
  readonly how: RsaHashedKeyGenParams | (EcKeyGenParams & EcdsaParams);
  /** What the thumbprint is made of, in its order (RFC 7638 §3.2). */
  readonly members: string[];
}

const SCHEMES: Readonly<Record<DpopAlgorithm, Scheme>> = {
  RS256: {
    how: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
    members: ["e", "kty", "n"],
  },
  ES256: { how: { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" }, members: ["crv", "kty", "x", "y"] },
};

/** A fresh pair. Rejects where there is no Web Crypto, which is also so on an insecure origin. */
export async function generate(algorithm: DpopAlgorithm): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(SCHEMES[algorithm].how, false, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

/** Whether it is a pair that signs by this algorithm: what was stored may be damaged, or somebody else's. */
export async function isUsable(algorithm: DpopAlgorithm, pair: CryptoKeyPair | undefined): Promise<boolean> {
  try {
    const { how } = SCHEMES[algorithm];
    const { privateKey, publicKey } = pair as CryptoKeyPair;
    const data = utf8(algorithm);
    return !privateKey.extractable && (await crypto.subtle.verify(how, publicKey, await crypto.subtle.sign(how, privateKey, data), data));
  } catch {
    return false;
  }
}

/** A pair that has a name. */
export interface DpopKey {
  /** The thumbprint of the public key by RFC 7638: base64url, 43 characters. */
  readonly fingerprint: string;
  /**
   * A proof as a JWS in compact form (RFC 7515).
   *
   * @param claims a JSON object
   * @param athOf the token whose hash becomes the claim `ath` (RFC 9449 §4.2)
   */
  sign(claims: string, athOf: string | undefined): Promise<string>;
}

export async function dpopKey(algorithm: DpopAlgorithm, { privateKey, publicKey }: CryptoKeyPair): Promise<DpopKey> {
  const { how, members } = SCHEMES[algorithm];
  const { subtle } = crypto;
  const hash = async (text: string) => base64url(await subtle.digest("SHA-256", utf8(text)));
  // The proof tells no other members of the key than its thumbprint is made of.
  const jwk = JSON.stringify(await subtle.exportKey("jwk", publicKey), members);
  const header = base64url(utf8(`{"typ":"dpop+jwt","alg":"${algorithm}","jwk":${jwk}}`));
  return {
    fingerprint: await hash(jwk),
    async sign(claims, athOf) {
      const payload = athOf === undefined ? claims : JSON.stringify({ ...JSON.parse(claims), ath: await hash(athOf) });
      const input = `${header}.${base64url(utf8(payload))}`;
      return `${input}.${base64url(await subtle.sign(how, privateKey, utf8(input)))}`;
    },
  };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Without padding (RFC 4648 §5, RFC 7515 §2). */
function base64url(bytes: ArrayBuffer | Uint8Array): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
