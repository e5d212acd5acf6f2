/** What goes wrong between a client and the service provider. */
export type FrontEffect =
  /** 429; the provider never sees the request. */
  | { effect: 'rateLimit'; retryAfterSeconds?: number }
  /** 500; the provider never sees the request. */
  | { effect: 'failBefore'; status?: number }
  /** 500, although the provider has done it. */
  | { effect: 'failAfter'; status?: number }
  /** The connection is reset, although the provider has done it. */
  | { effect: 'resetAfter' }
  /** The answer comes late, although the provider has done it at once. */
  | { effect: 'holdAfter'; holdMs: number }
  /** 200 with an HTML page, as a captive portal or a wrong host answers. */
  | { effect: 'html' }
  /** 401. */
  | { effect: 'unauthorized' };

/** Which requests it happens to. */
export type FrontTarget = {
  /** Only this method. */
  method?: string;
  /** Only paths that contain this. */
  path?: string;
  /** So many requests, then no more. Default: 1. */
  times?: number;
};

export type FrontFault = FrontTarget & FrontEffect;

/** What can be asked of a service provider's front, in process or as the JSON body of POST /_control. */
export type FrontCommand =
  | ({ do: 'fault' } & FrontFault)
  | { do: 'setLatency'; latencyMs: number }
  | { do: 'clearFaults' }
  | { do: 'resetCounts' };

/** Requests that reached the front, spoilt ones too. */
export type FrontCounts = { reads: number; writes: number; byMethod: Record<string, number> };

/** One request, as it was answered; a reset connection has no status. */
export type FrontLogEntry = { method: string; path: string; status?: number; fault?: FrontEffect['effect'] };

/** The next fault that applies to a request, if any; it is used up by one. */
export function takeFrontFault(faults: FrontFault[], method: string, path: string): FrontFault | undefined {
  const index = faults.findIndex(
    (fault) => (fault.method ?? method) === method && (fault.path === undefined || path.includes(fault.path)),
  );
  const fault = faults[index];
  if (!fault) return undefined;
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.splice(index, 1);
  return fault;
}
