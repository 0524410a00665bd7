/** What all users have, and nobody may ever see. */
export const PASSWORD = 'pAssw0rd-nobody-may-see';

/** Who comes by PLAIN or by a certificate. */
export const PLAIN_USERS = ['shop', 'orders', 'operator'] as const;

/** Who comes by SCRAM. */
export const SCRAM_USERS = ['shop', 'orders', 'rotating'] as const;
