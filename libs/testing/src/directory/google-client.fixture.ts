import { admin } from '@googleapis/admin';
import type { admin_directory_v1 } from '@googleapis/admin';
import { JWT } from 'google-auth-library';
import { directoryScopes, googleTokenUrl } from './directory.ts';
import type { ExampleDirectory } from './server.ts';

/** What a test asks a token for, when it differs from what is right. */
export type ClientChanges = { scopes?: string[]; subject?: string; key?: string; email?: string };

/** Google's own authentication, sent to the example directory instead of Google. */
export function googleAuth(directory: ExampleDirectory, changes: ClientChanges = {}): JWT {
  const { client_email, private_key } = directory.serviceAccountKey();
  const auth = new JWT({
    email: changes.email ?? client_email,
    key: changes.key ?? private_key,
    scopes: changes.scopes ?? directoryScopes,
    subject: changes.subject ?? `admin@${directory.state.domain}`,
  });
  auth.transporter.interceptors.request.add({
    resolved(config) {
      if (String(config.url) === googleTokenUrl) config.url = new URL(directory.tokenUrl);
      return Promise.resolve(config);
    },
  });
  return auth;
}

/** Google's own client, talking to the example directory. */
export function googleClient(directory: ExampleDirectory, changes: ClientChanges = {}): admin_directory_v1.Admin {
  return admin({ version: 'directory_v1', auth: googleAuth(directory, changes), rootUrl: directory.url, retry: false });
}
