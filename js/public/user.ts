/** The user whom the credential stands for. */

import type { GetAddressResponse, GetUserInfoResponse, SATClaims } from "./types.js";

/** A user's profile. */
export class User {
  readonly id: string;
  readonly email: string;
  readonly firstName: string | undefined;
  readonly lastName: string | undefined;
  readonly displayName: string | undefined;
  readonly jobTitle: string | undefined;
  /** Offset of the time zone. */
  readonly timeZone: number | undefined;
  readonly country: string | undefined;
  readonly region: string | undefined;
  readonly companyName: string | undefined;
  readonly pushNotificationKey: string;
  readonly appSettings: { displayName: string; scopes: string[] } | undefined;
  /** The user's own addresses, as the space writes them. */
  readonly addresses: GetAddressResponse[];
  /** What the SAT says about itself, where the space tells. */
  readonly satClaims: SATClaims | undefined;

  /** @internal */
  constructor(profile: GetUserInfoResponse) {
    const { app_settings: settings } = profile;
    this.id = profile.id;
    this.email = profile.email;
    this.firstName = profile.first_name;
    this.lastName = profile.last_name;
    this.displayName = profile.display_name;
    this.jobTitle = profile.job_title;
    this.timeZone = profile.time_zone;
    this.country = profile.country;
    this.region = profile.region;
    this.companyName = profile.company_name;
    this.pushNotificationKey = profile.push_notification_key;
    this.appSettings = settings && { displayName: settings.display_name, scopes: settings.scopes };
    this.addresses = profile.fabric_addresses ?? [];
    this.satClaims = profile.sat_claims;
  }
}
