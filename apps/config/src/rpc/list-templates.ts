import type { ListTemplatesRequest, ListTemplatesResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { cutPage, pageLimit, readPageToken } from './pages.ts';

export async function listTemplates(ctx: ConfigContext, request: ListTemplatesRequest): Promise<ListTemplatesResponse> {
  const limit = pageLimit(request.pageSize, { sizeDefault: ctx.templates.size, sizeMax: ctx.templates.size });
  const after = readPageToken(request.pageToken, /^templates\/[a-z0-9-]+$/) ?? '';
  const found = [...ctx.templates.values()].filter(({ name }) => name > after);
  const { items, nextPageToken } = cutPage(found, limit, ({ name }) => name);
  return { templates: items, nextPageToken };
}
