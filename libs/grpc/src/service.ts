import type { ServiceDefinition } from '@grpc/grpc-js';
import type { MethodRole } from './authorize.ts';
import type { CallContext } from './call-context.ts';

type Request<Method> = Method extends { requestDeserialize: (bytes: Buffer) => infer T } ? T : never;
type Response<Method> = Method extends { responseSerialize: (value: infer T) => Buffer } ? T : never;

type Handler<Method> = Method extends { requestStream: true }
  ? never // no contract of ours streams requests
  : Method extends { responseStream: true }
    ? (request: Request<Method>, call: CallContext) => AsyncIterable<Response<Method>>
    : (request: Request<Method>, call: CallContext) => Promise<Response<Method>>;

/** One function per method of a generated service definition: async, or an async generator where it streams. */
export type Handlers<Definition> = { readonly [Method in keyof Definition]: Handler<Definition[Method]> };

/**
 * Which workloads may call without a role binding: one list for all methods, or one for each. The others, and every person,
 * need the role of the method.
 */
export type Allow<Definition> = readonly string[] | { readonly [Method in keyof Definition]: readonly string[] };

/** What role a method needs of those who are not in `allow`, and of people; a method that is not named is closed to them. */
export type Roles<Definition> = { readonly [Method in keyof Definition]?: MethodRole };

/** A service that can be served. Made by `defineService`, which checks that its parts fit together. */
export type Service = {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, (request: unknown, call: CallContext) => unknown>>;
  readonly allow: Allow<Record<string, unknown>>;
  readonly roles?: Roles<Record<string, unknown>>;
};

/** Puts a generated definition (`ConfigServiceService`), its handlers and its callers together. */
export function defineService<const Definition extends ServiceDefinition>(service: {
  definition: Definition;
  handlers: Handlers<Definition>;
  allow: Allow<Definition>;
  roles?: Roles<Definition>;
}): Service {
  return service as unknown as Service;
}
