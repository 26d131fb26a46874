/** What the server says, standing by itself on a page: with a capital letter, unless it begins with a name ("spotter v2", "model.onnx"). */
export function asSentence(said: string): string {
  const isWord = /^\p{Ll}\p{L}*(?=[\s,:;]|$)(?! v\d)/u.test(said);
  return isWord ? said.charAt(0).toUpperCase() + said.slice(1) : said;
}
