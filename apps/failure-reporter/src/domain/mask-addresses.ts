/** A text with … for each mail address in it: it goes where no personal data may be. */
export function maskAddresses(text: string): string {
  return text.replaceAll(/[^\s@<>"'(),;:]{1,64}@[^\s@<>"'(),;:]+/gu, '…');
}
