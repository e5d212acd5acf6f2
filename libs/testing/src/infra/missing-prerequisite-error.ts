/** Something this machine lacks. The message is one sentence that tells what to install or set; no stack is needed to act on it. */
export class MissingPrerequisiteError extends Error {
  override readonly name = 'MissingPrerequisiteError';
}
