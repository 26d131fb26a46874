/** Whether a part of the pages could not be fetched; each browser says it in words of its own. */
export function notLoaded(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|importing a module script|preload css/i.test(error.message);
}
