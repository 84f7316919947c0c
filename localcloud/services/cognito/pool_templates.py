"""Resources of Cognito in a template: moto's CloudFormation has none.

moto finds the resources that it can make among the classes that inherit from its model directly.
"""

import hashlib
from contextlib import suppress
from typing import Any, Self

from moto.cognitoidp.exceptions import ResourceNotFoundError
from moto.cognitoidp.models import cognitoidp_backends
from moto.core.common_models import CloudFormationModel

Properties = dict[str, Any]


class _Resource:
    """A resource with the methods that moto calls; each type says how it is made and changed."""

    kind = name_property = ""
    attributes: tuple[str, ...] = ()

    def __init__(self, physical_resource_id: str, pool_id: str) -> None:
        self.physical_resource_id = physical_resource_id
        self.pool_id = pool_id

    @classmethod
    def make(cls, backend: Any, name: str, given: Properties) -> Self:
        raise NotImplementedError

    def change(self, backend: Any, name: str, given: Properties) -> None:
        raise NotImplementedError

    def remove(self, backend: Any) -> None:
        raise NotImplementedError

    @classmethod
    def cloudformation_name_type(cls) -> str:
        return cls.name_property

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.attributes

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
        **kwargs: Any,  # noqa: ARG003
    ) -> Self:
        backend = cognitoidp_backends[account_id][region_name]
        return cls.make(backend, resource_name, _given(cloudformation_json))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
    ) -> Self:
        backend, given = cognitoidp_backends[account_id][region_name], _given(cloudformation_json)
        original_resource.change(backend, new_resource_name, given)
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the resource. One that went with its pool is gone already."""
        with suppress(ResourceNotFoundError):
            self.remove(cognitoidp_backends[account_id][region_name])


class UserPoolOfTemplate(_Resource, CloudFormationModel):
    """A user pool. Its id follows from its name, so that a restart keeps the issuer of tokens."""

    kind, name_property = "AWS::Cognito::UserPool", "UserPoolName"
    attributes = ("Arn", "ProviderName", "ProviderURL", "UserPoolId")

    def __init__(self, pool: Any) -> None:
        super().__init__(pool.id, pool.id)
        self.pool = pool

    @classmethod
    def make(cls, backend: Any, name: str, given: Properties) -> Self:
        pool = backend.create_user_pool(name, given)
        del backend.user_pools[pool.id]
        random, pool.id = pool.id, f"{backend.region_name}_{_digest(name)[:9]}"
        pool.arn = pool.arn.replace(random, pool.id)
        backend.user_pools[pool.id] = pool
        return cls(pool)

    def change(self, backend: Any, name: str, given: Properties) -> None:  # noqa: ARG002
        self.pool.update_extended_config(given)
        self.pool.name, self.pool.mfa_config = name, given.get("MfaConfiguration", "OFF")

    def remove(self, backend: Any) -> None:
        backend.delete_user_pool(self.pool_id)

    def get_cfn_attribute(self, attribute: str) -> str:
        provider = f"cognito-idp.{self.pool.region}.amazonaws.com/{self.pool.id}"
        known = {"Arn": self.pool.arn, "UserPoolId": self.pool.id, "ProviderName": provider}
        return str((known | {"ProviderURL": f"https://{provider}"})[attribute])


class GroupOfTemplate(_Resource, CloudFormationModel):
    kind, name_property = "AWS::Cognito::UserPoolGroup", "GroupName"

    @classmethod
    def make(cls, backend: Any, name: str, given: Properties) -> Self:
        backend.create_group(given["UserPoolId"], name, *_described(given))
        return cls(name, given["UserPoolId"])

    def change(self, backend: Any, name: str, given: Properties) -> None:
        backend.update_group(given["UserPoolId"], name, *_described(given))

    def remove(self, backend: Any) -> None:
        backend.delete_group(self.pool_id, self.physical_resource_id)


class ClientOfTemplate(_Resource, CloudFormationModel):
    """An app client. Its id follows from its name, too."""

    kind, name_property = "AWS::Cognito::UserPoolClient", "ClientName"
    attributes = ("ClientId",)

    @classmethod
    def make(cls, backend: Any, name: str, given: Properties) -> Self:
        pool, secret = given.pop("UserPoolId"), given.pop("GenerateSecret", False)
        client = backend.create_user_pool_client(pool, secret, given | {"ClientName": name})
        clients = backend.user_pools[pool].clients
        del clients[client.id]
        client.id = _digest(pool, name)[: client.MAX_ID_LENGTH]
        clients[client.id] = client
        return cls(client.id, pool)

    def change(self, backend: Any, name: str, given: Properties) -> None:
        pool = given.pop("UserPoolId")
        wanted = given | {"ClientName": name}
        backend.update_user_pool_client(pool, self.physical_resource_id, wanted)

    def remove(self, backend: Any) -> None:
        backend.delete_user_pool_client(self.pool_id, self.physical_resource_id)

    def get_cfn_attribute(self, attribute: str) -> str:  # noqa: ARG002 - there is only one
        return self.physical_resource_id


class DomainOfTemplate(_Resource, CloudFormationModel):
    kind, name_property = "AWS::Cognito::UserPoolDomain", "Domain"

    @classmethod
    def make(cls, backend: Any, name: str, given: Properties) -> Self:
        backend.create_user_pool_domain(given["UserPoolId"], name)
        return cls(name, given["UserPoolId"])

    def change(self, backend: Any, name: str, given: Properties) -> None:
        self.remove(backend)
        self.make(backend, name, given)
        self.physical_resource_id, self.pool_id = name, given["UserPoolId"]

    def remove(self, backend: Any) -> None:
        backend.delete_user_pool_domain(self.physical_resource_id)


def _described(given: Properties) -> tuple[Any, ...]:
    return given.get("Description"), given.get("RoleArn"), given.get("Precedence")


def _given(resource: Properties) -> Properties:
    """Return a copy of the properties, with the texts true and false as booleans."""
    return {name: _typed(one) for name, one in resource["Properties"].items()}


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _typed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _digest(*names: str) -> str:
    return hashlib.sha256("|".join(names).encode()).hexdigest()
