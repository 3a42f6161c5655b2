"""The Publisher service: topics, and publishing to them."""

from __future__ import annotations

from google.protobuf import empty_pb2
from google.pubsub_v1 import types

from pbm360.local.pubsub import checks
from pbm360.local.pubsub.catalog import Catalog
from pbm360.local.pubsub.pages import page
from pbm360.local.pubsub.wire import PublishRequest, PublishResponse, Topic


class Publisher:
    """The methods of google.pubsub.v1.Publisher; each takes the request and returns the response."""

    REQUESTS = {
        "CreateTopic": Topic,
        "UpdateTopic": types.UpdateTopicRequest.pb(),
        "GetTopic": types.GetTopicRequest.pb(),
        "ListTopics": types.ListTopicsRequest.pb(),
        "ListTopicSubscriptions": types.ListTopicSubscriptionsRequest.pb(),
        "DeleteTopic": types.DeleteTopicRequest.pb(),
        "Publish": PublishRequest,
    }

    def __init__(self, catalog: Catalog):
        self._catalog = catalog

    async def CreateTopic(self, request: Topic, context) -> Topic:
        """Make a topic."""
        checks.topic(request)
        request.state = Topic.ACTIVE
        return self._catalog.create_topic(request).resource

    async def UpdateTopic(self, request, context) -> Topic:
        """Change a topic's labels."""
        topic = self._catalog.topic(checks.resource_name("topics", request.topic.name))
        known = Topic.DESCRIPTOR.fields_by_name
        checks.update_paths("Topic", request.update_mask.paths, known, checks.TOPIC_UPDATES)
        topic.resource.labels.clear()
        topic.resource.labels.update(request.topic.labels)
        self._catalog.save()
        return topic.resource

    async def GetTopic(self, request, context) -> Topic:
        """Return a topic."""
        return self._catalog.topic(checks.resource_name("topics", request.topic)).resource

    async def ListTopics(self, request, context):
        """Return a page of a project's topics, by name."""
        prefix = checks.project_name(request.project) + "/"
        names = (name for name in self._catalog.topics if name.startswith(prefix))
        found, token = page(names, request.page_size, request.page_token)
        resources = [self._catalog.topics[name].resource for name in found]
        return types.ListTopicsResponse.pb()(topics=resources, next_page_token=token)

    async def ListTopicSubscriptions(self, request, context):
        """Return a page of the names of a topic's subscriptions."""
        topic = self._catalog.topic(checks.resource_name("topics", request.topic))
        found, token = page(topic.subscriptions, request.page_size, request.page_token)
        return types.ListTopicSubscriptionsResponse.pb()(subscriptions=found, next_page_token=token)

    async def DeleteTopic(self, request, context) -> empty_pb2.Empty:
        """Delete a topic; its subscriptions stay."""
        self._catalog.delete_topic(checks.resource_name("topics", request.topic))
        return empty_pb2.Empty()

    async def Publish(self, request: PublishRequest, context) -> PublishResponse:
        """Write messages down and return their ids, in order."""
        topic = self._catalog.topic(checks.resource_name("topics", request.topic))
        checks.publish_request(request, request.ByteSize())
        return PublishResponse(message_ids=topic.publish(list(request.messages)))
