/* Which image was last in sight when its page was left for the list by keyboard: the keyboard goes on from there. */
let last: string | null = null;

export function leaveFrom(id: string): void {
  last = id;
}

export function leftFrom(): string | null {
  return last;
}

/** Whoever comes to the list another way begins at its first image. */
export function forget(): void {
  last = null;
}
