import type { IncomingMessage } from 'node:http';

/**
 * Registries that share their blobs but not their sessions, behind one address. A session is known to the node that
 * opened it, and to no other.
 */
export interface Nodes {
  readonly count: number;
  /** How requests are spread over them. */
  readonly spread: 'by-connection' | 'in-turn';
  /** `by-cookie`: the answer to a POST sets one, as Harbor's `sid`; whoever sends it back stays at that node. */
  readonly sticky: 'no' | 'by-cookie';
}

export const oneNode: Nodes = { count: 1, spread: 'in-turn', sticky: 'no' };

/** Where a request goes: the how-manieth it is, and of which connection. */
export function nodeFor(
  nodes: Nodes,
  { headers }: IncomingMessage,
  { turn, connection }: { readonly turn: number; readonly connection: number },
): number {
  const sid = /(?:^|;\s*)sid=(\d+)/.exec(headers.cookie ?? '')?.[1];
  if (nodes.sticky === 'by-cookie' && sid !== undefined) return Number(sid) % nodes.count;
  return (nodes.spread === 'by-connection' ? connection : turn) % nodes.count;
}

export function stickyCookie(nodes: Nodes, node: number): Record<string, string> {
  return nodes.sticky === 'by-cookie' ? { 'set-cookie': `sid=${node}; Path=/; HttpOnly` } : {};
}
