/* Puts text on the clipboard, also where the page came over plain HTTP from another machine and browsers keep their clipboard to themselves. */

export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const held = document.createElement("textarea");
  held.value = text;
  held.style.position = "fixed";
  held.style.opacity = "0";
  // Inside the dialog where there is one: it lets nothing outside it be focused.
  (document.querySelector("[role=dialog]") ?? document.body).append(held);
  held.select();
  document.execCommand("copy");
  held.remove();
}
