/** Questions to one registry, or files of one layout, at the same time. */
export const QUESTIONS_AT_ONCE = 8;
