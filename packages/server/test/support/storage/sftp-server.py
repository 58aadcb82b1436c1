"""An SFTP server of asyncssh: sftp-server.py <folder> <port>.

Lets `recorder` in with the password `opensesame`, or with the key whose public half is in <folder>/authorized_keys.
Its root is <folder>/files; `readonly` in it takes no files, and of a file with `shrinks` in its name only a byte is kept.
Prints the fingerprint of its host key when it is ready.
"""
import asyncio
import os
import sys

import asyncssh

FOLDER, PORT = sys.argv[1], int(sys.argv[2])
ROOT = os.path.join(FOLDER, 'files')


class Login(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return username == 'recorder' and password == 'opensesame'


class Files(asyncssh.SFTPServer):
    def __init__(self, channel):
        super().__init__(channel, chroot=ROOT)

    def open(self, path, pflags, attrs):
        if path.startswith(b'/readonly/'):
            raise asyncssh.SFTPPermissionDenied('Not here')
        return super().open(path, pflags, attrs)

    def close(self, file_obj):
        super().close(file_obj)
        if b'shrinks' in os.fsencode(file_obj.name):
            os.truncate(file_obj.name, 1)


async def main():
    os.makedirs(os.path.join(ROOT, 'readonly'), exist_ok=True)
    host_key = asyncssh.generate_private_key('ssh-ed25519')
    await asyncssh.listen(
        '127.0.0.1', PORT, server_factory=Login, server_host_keys=[host_key], sftp_factory=Files,
        authorized_client_keys=os.path.join(FOLDER, 'authorized_keys'), username='recorder')
    print(host_key.get_fingerprint(), flush=True)
    # The test's process holds the other end: this one must not outlive it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
