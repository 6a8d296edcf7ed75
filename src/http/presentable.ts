/** Far more than is shown, and so little that no text makes the patterns below take long. */
const LOOKED_THROUGH = 4096;

/** What a server said, for a message: short, on one line, and without a signature that it may have repeated. */
export function presentable(said: string): string {
  const text = said
    .replace(/\s+/g, ' ')
    .slice(0, LOOKED_THROUGH)
    .replace(/(https?:\/\/[^\s?#"<>]+)\?[^\s"<>]*/gi, '$1?…')
    .replace(/\b(Signature|Policy|Key-Pair-Id|X-Amz-[\w-]+|_state)=[^&\s"<>]*/gi, '$1=…')
    .trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** The words of a page that a proxy shows to browsers; read in one pass, whatever is opened and never closed. */
export function withoutMarkup(page: string): string {
  const shown = page
    .split(/<\/(?:style|script)>/i)
    .map((part) => part.replace(/<(?:style|script)[\s\S]*$/i, ''));
  return shown.join(' ').replace(/<[^<>]*>/g, ' ');
}
