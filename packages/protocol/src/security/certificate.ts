/** What is asked of certificates in more than one place. */
import type { X509Certificate } from 'node:crypto';

/** In lower case. */
export const serialOf = ({ serialNumber }: X509Certificate): string => serialNumber.toLowerCase();

/** `checkIssued` goes by names alone, and another CA may have the same. */
export const isIssuedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
