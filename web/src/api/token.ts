/* The server's token as this browser keeps it, where the server asks for one. */

export function keptToken(cookies: string = document.cookie): string | null {
  const found = /(?:^|; )relens_token=([^;]*)/.exec(cookies);
  return found ? decodeURIComponent(found[1]) || null : null;
}
