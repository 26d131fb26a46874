/* A trainer's parameter as typed: numbers become numbers, objects objects, nothing is left out. */

export function typed(text: string): unknown {
  const plain = text.trim();
  if (plain === "") return undefined;
  if (/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(plain)) return Number(plain);
  if (/^[[{]|^(true|false)$/.test(plain)) {
    try {
      return JSON.parse(plain) as unknown;
    } catch {
      return plain;
    }
  }
  return plain;
}

/** Those that were typed, ready to be sent. */
export function typedAll(values: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, text]) => (typed(text) === undefined ? [] : [[name, typed(text)]])));
}
