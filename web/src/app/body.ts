/** What curl sends where the server takes these kinds of content: JSON, a file as it is, or a file in a form. */
export function bodyOf(content: Record<string, unknown> | undefined): string {
  if (!content) return "";
  if ("application/json" in content) return " -H 'content-type: application/json' -d '{}'";
  if ("application/octet-stream" in content) return " -H 'content-type: application/octet-stream' --data-binary @FILE";
  return " -F file=@FILE";
}
