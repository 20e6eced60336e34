/** What can go wrong between a program and an installation, one class for each answer that it can act on. */

/** Anything that the client throws of its own. */
export class TrunklineError extends Error {
  override name = "TrunklineError";
}

/** The installation was not reached, or the connection broke, more often than the client tries again. */
export class ConnectionFailed extends TrunklineError {
  override name = "ConnectionFailed";
}

/** A webhook that does not prove that it comes from the installation; answer it with 401. */
export class InvalidSignature extends TrunklineError {
  override name = "InvalidSignature";
}

/** What an answer says of a refusal. `retryAfter` is in seconds. */
export interface Refusal {
  status: number;
  code: string;
  title: string;
  message: string;
  details: readonly string[];
  requestId: string | null;
  retryAfter: number | null;
}

/** A refusal of the API. `code` is stable and for programs; `details` are `<field>: <problem>`, one each. */
export class ApiError extends TrunklineError implements Refusal {
  override name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly details: readonly string[];
  readonly requestId: string | null;
  readonly retryAfter: number | null;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.status = refusal.status;
    this.code = refusal.code;
    this.title = refusal.title;
    this.details = refusal.details;
    this.requestId = refusal.requestId;
    this.retryAfter = refusal.retryAfter;
  }
}

/** 400: something in the request does not fit; `details` name it. */
export class BadRequest extends ApiError {
  override name = "BadRequest";
}
/** 401: the key is unknown, expired or revoked. */
export class Unauthenticated extends ApiError {
  override name = "Unauthenticated";
}
/** 402: the organisation has no credit left. */
export class InsufficientCredits extends ApiError {
  override name = "InsufficientCredits";
}
/** 403: the key or the organisation may not do this. */
export class Forbidden extends ApiError {
  override name = "Forbidden";
}
/** 404: there is nothing with this id in the organisation. */
export class NotFound extends ApiError {
  override name = "NotFound";
}
/** 409: it does not go together with what is there. */
export class Conflict extends ApiError {
  override name = "Conflict";
}
/** 413: the body is too large. */
export class TooLarge extends ApiError {
  override name = "TooLarge";
}
/** 429: too many requests; `retryAfter` says when to come back. */
export class RateLimited extends ApiError {
  override name = "RateLimited";
}
/** 500 and above: something broke on the other side. */
export class ServerError extends ApiError {
  override name = "ServerError";
}
/** 503: no room for the call, or a part is down, now; `retryAfter` says when to come back. */
export class Unavailable extends ServerError {
  override name = "Unavailable";
}

const BY_STATUS = new Map<number, new (refusal: Refusal) => ApiError>([
  [400, BadRequest],
  [401, Unauthenticated],
  [402, InsufficientCredits],
  [403, Forbidden],
  [404, NotFound],
  [409, Conflict],
  [413, TooLarge],
  [429, RateLimited],
  [503, Unavailable],
]);

/** The error for a refusal. */
export function errorOf(refusal: Refusal): ApiError {
  const kind = BY_STATUS.get(refusal.status) ?? (refusal.status >= 500 ? ServerError : ApiError);
  return new kind(refusal);
}
