export { fetchApiVersions } from './api-versions.ts';
export type { ApiVersionRange } from './api-versions.ts';
