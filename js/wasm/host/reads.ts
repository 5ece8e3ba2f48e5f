// Typed, keyed reads of objects that hold no getters: parsed JSON, and copies of the application's options. A value
// of another type than the one asked for reads as absent, exactly as in the Rust reader for JSON values.

type Row = Readonly<Record<string, unknown>>;

/** The words of src/engine/wire/words.rs, by number. An instance tells them when it has been made. */
export class Words {
  keys: readonly string[] = [];
  syms: ReadonlyMap<unknown, number> = new Map();

  /** Takes the texts as the engine joins them. */
  learn(keys: string, syms: string): void {
    this.keys = keys.split("\n");
    this.syms = new Map(syms.split("\n").map((text, index) => [text, index]));
  }
}

export function reads(words: Words) {
  const at = (row: Row, key: number): unknown => row[words.keys[key] as string];
  const list = (row: Row, key: number): readonly unknown[] => {
    const value = at(row, key);
    return Array.isArray(value) ? value : [];
  };
  return {
    get: (row: Row, key: number): object | undefined => objectOr(at(row, key)),
    str: (row: Row, key: number): string | undefined => {
      const value = at(row, key);
      return typeof value === "string" ? value : undefined;
    },
    sym: (row: Row, key: number): number => words.syms.get(at(row, key)) ?? -1,
    num: (row: Row, key: number): number => {
      const value = at(row, key);
      return Number.isFinite(value) ? (value as number) : Number.NaN;
    },
    bool: (row: Row, key: number): number => {
      const value = at(row, key);
      return typeof value === "boolean" ? Number(value) : 2;
    },
    objects: (row: Row, key: number): unknown[] => list(row, key).filter(objectOr),
    strings: (row: Row, key: number): string[] => {
      const value = at(row, key);
      return typeof value === "string" ? [value] : list(row, key).filter((element): element is string => typeof element === "string");
    },
    json: (row: Row, key: number): string | undefined => {
      const value = objectOr(at(row, key));
      return value && JSON.stringify(value);
    },
    header: (row: Row, key: number): object | undefined => headerOf(at(row, key)),
    any: (row: Row, key: number): unknown => at(row, key) ?? undefined,
  };
}

/** The value where JSON calls it an object. */
function objectOr(value: unknown): object | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

/** The header of a token in compact serialisation (RFC 7515 §7.1), where it is an object in base64url. */
function headerOf(token: unknown): object | undefined {
  const [, part = ""] = /^([\w-]+)=*(?:\.|$)/.exec(String(token)) ?? [];
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
    return objectOr(JSON.parse(new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}
