import type { CallContext } from '@autoprov/grpc';
import { entryOf } from '@autoprov/failure-catalogue';
import type { ListCustomSchemasRequest, ListCustomSchemasResponse } from '@autoprov/proto';
import { askDirectory, directoryFailure } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { DirectoryError } from '../domain/directory-error.ts';
import { parseSchemas } from '../domain/schemas.ts';
import { requireCustomerId } from './names.ts';

const failed = {
  reason: 'FETCH_CUSTOM_ATTRIBUTES_FAILED' as const,
  localizedMessage: entryOf('FETCH_CUSTOM_ATTRIBUTES_FAILED').message,
};

/** Asks Google for the custom schemas: whoever writes a mapping has just made one there. */
export async function listCustomSchemas(
  context: ReaderContext,
  { parent }: ListCustomSchemasRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<ListCustomSchemasResponse> {
  const directory = askDirectory(context, requireCustomerId('parent', parent), call);
  try {
    return { schemas: parseSchemas((await directory.listSchemas()).body) };
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    throw directoryFailure(err, 'the custom schemas could not be read', failed);
  }
}
