export { accountName, CreateAccount, LogIn, type Account, type Session, SessionOpened } from './accounts.js';
export { FollowNotifications, ListNotifications, type Notification } from './notifications.js';
export { FindProfile, type Profile, SignUp, UserCreated } from './profiles.js';
export { type Identity, VerifyToken } from './tokens.js';
