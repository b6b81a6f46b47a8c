/** What became of a request: it was answered, refused, or nobody was there. */
import type { ErrorBody } from '../../controller/api/contract.ts';

export type Refusal = ErrorBody['error'];

export type Answer<T> =
  | { readonly outcome: 'ok'; readonly value: T }
  /** The controller answered no. Asking the same again changes nothing. */
  | { readonly outcome: 'refused'; readonly status: number; readonly refusal: Refusal }
  /** Nobody answered, or something between us and the controller did. It may or may not have arrived. */
  | { readonly outcome: 'unreachable' };
