/** What Kafka puts where the operations a client may do were not asked for. */
export const NOT_ASKED = -2_147_483_648;
