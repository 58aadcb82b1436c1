"""OpenStack Swift with its S3 API, whole and in one process: s3-server.py <folder> <port>.

Takes requests signed by `test:tester` with the secret `testing`. Prints one line when it is ready.
"""
import logging
import os
import sys

import eventlet

eventlet.monkey_patch(all=False, socket=True, select=True, thread=True)

from eventlet import listen, spawn, wsgi
from swift.account import server as account_server
from swift.common import ring, storage_policy, utils
from swift.common.wsgi import SwiftHttpProtocol, loadapp
from swift.container import server as container_server
from swift.obj import server as object_server

FOLDER, PORT = sys.argv[1], int(sys.argv[2])
HOST, DEVICE = '127.0.0.1', 'disk'

PROXY = """
[DEFAULT]
swift_dir = {folder}
log_level = CRITICAL

[pipeline:main]
pipeline = catch_errors gatekeeper proxy-logging bulk s3api tempauth slo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin

[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1

[filter:slo]
use = egg:swift#slo

[filter:bulk]
use = egg:swift#bulk

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:gatekeeper]
use = egg:swift#gatekeeper

[filter:proxy-logging]
use = egg:swift#proxy_logging
"""

STORAGE = {
    'swift_dir': FOLDER,
    'devices': FOLDER,
    'mount_check': 'false',
    'disable_fallocate': 'true',
    'fallocate_reserve': '0',
    'log_level': 'CRITICAL',
}


class Memory:
    """What memcached is for a real installation; one process needs no other."""

    def __init__(self):
        self.values = {}

    def get(self, key, *_, **__):
        return self.values.get(key)

    def set(self, key, value, *_, **__):
        self.values[key] = value

    def delete(self, key, *_, **__):
        self.values.pop(key, None)

    def incr(self, key, delta=1, *_, **__):
        self.values[key] = int(self.values.get(key, 0)) + delta
        return self.values[key]


def with_cache(app, cache):
    def call(env, start_response):
        env['swift.cache'] = cache
        return app(env, start_response)
    return call


def serve(sock, app):
    spawn(wsgi.server, sock, app, log=logging.getLogger('quiet'), protocol=SwiftHttpProtocol)


def write_ring(name, port):
    builder = ring.RingBuilder(1, 1, 0)
    builder.add_dev({
        'id': 0, 'region': 1, 'zone': 1, 'weight': 1.0, 'device': DEVICE,
        'ip': HOST, 'port': port, 'replication_ip': HOST, 'replication_port': port,
    })
    builder.rebalance()
    builder.get_ring().save(os.path.join(FOLDER, name + '.ring.gz'))


os.makedirs(os.path.join(FOLDER, DEVICE), exist_ok=True)
logging.getLogger('quiet').setLevel(logging.CRITICAL)
utils.HASH_PATH_PREFIX, utils.HASH_PATH_SUFFIX = b'', b'parley'
storage_policy._POLICIES = storage_policy.StoragePolicyCollection(
    [storage_policy.StoragePolicy(0, 'only', is_default=True)])
sockets = {name: listen((HOST, 0)) for name in ('account', 'container', 'object')}
for name, sock in sockets.items():
    write_ring(name, sock.getsockname()[1])
serve(sockets['account'], account_server.AccountController(STORAGE))
serve(sockets['container'], container_server.ContainerController(STORAGE))
serve(sockets['object'], object_server.ObjectController(STORAGE))

conf = os.path.join(FOLDER, 'proxy-server.conf')
with open(conf, 'w') as file:
    file.write(PROXY.format(folder=FOLDER))
proxy_socket = listen((HOST, PORT))
serve(proxy_socket, with_cache(loadapp(conf, global_conf={'log_name': 'proxy'}), Memory()))
print('ready', flush=True)
# The test's process holds the other end: this one must not outlive it.
eventlet.tpool.execute(sys.stdin.read)
os._exit(0)
