"""The permissions of Microsoft Graph that Entra knows here, and who may grant them.

https://learn.microsoft.com/graph/permissions-reference
"""

PERSONAL = {
    "Calendars.Read": "Read your calendars",
    "Calendars.ReadBasic": "Read basic details of your calendars",
    "Calendars.ReadWrite": "Have full access to your calendars",
    "Contacts.Read": "Read your contacts",
    "Contacts.ReadWrite": "Have full access to your contacts",
    "Files.Read": "Read your files",
    "Files.Read.All": "Read all files that you have access to",
    "Files.ReadWrite": "Have full access to your files",
    "Files.ReadWrite.All": "Have full access to all files that you have access to",
    "Files.ReadWrite.AppFolder": "Have full access to the application's folder",
    "Mail.Read": "Read your mail",
    "Mail.ReadBasic": "Read basic details of your mail",
    "Mail.ReadWrite": "Read and write access to your mail",
    "Mail.Send": "Send mail as you",
    "MailboxSettings.Read": "Read your mailbox settings",
    "MailboxSettings.ReadWrite": "Read and write your mailbox settings",
    "Notes.Read": "Read your notebooks",
    "Notes.ReadWrite": "Read and write your notebooks",
    "People.Read": "Read your list of relevant people",
    "Tasks.Read": "Read your tasks",
    "Tasks.ReadWrite": "Create, read, update and delete your tasks",
    "User.Read": "View your basic profile",
    "User.ReadWrite": "Read and update your profile",
}
WORK_ONLY = {
    "Calendars.Read.Shared": "Read calendars that you can access",
    "Calendars.ReadWrite.Shared": "Read and write calendars that you can access",
    "Channel.ReadBasic.All": "Read the names of channels",
    "Chat.Read": "Read your chats",
    "Chat.ReadWrite": "Read and write your chats",
    "Contacts.Read.Shared": "Read contacts that you can access",
    "Contacts.ReadWrite.Shared": "Read and write contacts that you can access",
    "Mail.Read.Shared": "Read mail that you can access",
    "Mail.ReadBasic.Shared": "Read basic details of mail that you can access",
    "Mail.ReadWrite.Shared": "Read and write mail that you can access",
    "Mail.Send.Shared": "Send mail on behalf of others",
    "OnlineMeetings.Read": "Read your online meetings",
    "OnlineMeetings.ReadWrite": "Read and create your online meetings",
    "Place.Read.All": "Read places of your organisation",
    "Presence.Read": "Read your presence",
    "Presence.Read.All": "Read the presence of everybody in your organisation",
    "Sites.Read.All": "Read items in all sites that you can access",
    "Sites.ReadWrite.All": "Edit items in all sites that you can access",
    "Tasks.Read.Shared": "Read your tasks and those shared with you",
    "Tasks.ReadWrite.Shared": "Read and write your tasks and those shared with you",
    "Team.ReadBasic.All": "Read the names of your teams",
    "User.ReadBasic.All": "Read the basic profiles of everybody",
}
ADMINISTRATOR_ONLY = {
    "AuditLog.Read.All": "Read audit logs",
    "Directory.Read.All": "Read directory data",
    "Directory.ReadWrite.All": "Read and write directory data",
    "Group.Read.All": "Read all groups",
    "Group.ReadWrite.All": "Read and write all groups",
    "People.Read.All": "Read everybody's list of relevant people",
    "Sites.FullControl.All": "Have full control of all sites",
    "Sites.Manage.All": "Create, edit and delete items and lists in all sites",
    "User.Read.All": "Read the full profiles of everybody",
    "User.ReadWrite.All": "Read and write the full profiles of everybody",
}
DELEGATED = PERSONAL | WORK_ONLY | ADMINISTRATOR_ONLY
APPLICATION = (
    "Calendars.Read", "Calendars.ReadBasic.All", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite",
    "Directory.Read.All", "Files.Read.All", "Files.ReadWrite.All", "Group.Read.All", "Mail.Read",
    "Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read",
    "MailboxSettings.ReadWrite", "OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All", "People.Read.All",
    "Sites.FullControl.All", "Sites.Manage.All", "Sites.Read.All", "Sites.ReadWrite.All", "Sites.Selected",
    "User.Read.All", "User.ReadWrite.All",
)  # fmt: skip

# What an application has configured where its registration lists nothing.
USUAL_DELEGATED = tuple(PERSONAL | WORK_ONLY)
USUAL_ROLES = (
    "Calendars.ReadWrite", "Contacts.ReadWrite", "Files.ReadWrite.All", "Mail.ReadWrite", "Mail.Send",
    "MailboxSettings.Read", "OnlineMeetings.ReadWrite.All", "People.Read.All", "Sites.ReadWrite.All",
    "User.Read.All",
)  # fmt: skip

OIDC = {
    "openid": "Sign you in",
    "profile": "View your basic profile",
    "email": "View your e-mail address",
    "offline_access": "Maintain access to data you have given it access to",
}
CANONICAL = {name.lower(): name for name in (*DELEGATED, *OIDC)}
