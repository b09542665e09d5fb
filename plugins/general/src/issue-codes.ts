/** Every code that this plugin reports; the table in the README explains them. */
export const issueCodes = ['too_many_tokens'] as const

export type IssueCode = (typeof issueCodes)[number]
