/** What a server said, for a message: short, on one line, and without a signature that it may have repeated. */
export function presentable(said: string): string {
  const text = said
    .replace(/\s+/g, ' ')
    .replace(/(https?:\/\/[^\s?#"<>]+)\?[^\s"<>]*/gi, '$1?…')
    .replace(/\b(Signature|Policy|Key-Pair-Id|X-Amz-[\w-]+|_state)=[^&\s"<>]*/gi, '$1=…')
    .trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** The words of a page that a proxy shows to browsers. */
export function withoutMarkup(page: string): string {
  return page.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
}
